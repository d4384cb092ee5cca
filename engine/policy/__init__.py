"""Law as data: policy packs parsed and checked, a claim computed, every step cited."""
