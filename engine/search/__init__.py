"""Finding drugs and diagnoses while one types: what matches, in which order, and how it is found at once."""
