"""Paper made from engine values."""
