"""Carrying messages to the agency and back, whatever the network does."""
