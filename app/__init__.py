"""What happens: disk, clock, network and devices. No Qt."""
