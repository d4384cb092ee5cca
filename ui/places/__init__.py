"""The other places of the rail, each built when it is first opened."""
