"""The journal indexed by position: what every screen reads. Pure."""
