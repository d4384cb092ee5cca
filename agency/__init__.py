"""The other side: the reference agency, an ASGI service that computes with the same engine."""
