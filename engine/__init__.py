"""What is true: values in, values out. No disk, clock, network, log or Qt."""
