"""Measurements, each beside its baseline from the same run; the only source of figures in the documents."""
