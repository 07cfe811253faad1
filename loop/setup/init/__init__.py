"""`ar-loop init`: from a few answers to a brief."""
