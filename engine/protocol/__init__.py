"""What counter and agency say to each other, in the national envelope."""
