"""The rule of bench/rule.py in other people's rule engines, each used as its own documents show."""
