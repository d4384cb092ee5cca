"""Printers and, later, card readers, drawers and displays."""
