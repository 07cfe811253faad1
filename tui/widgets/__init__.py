"""Painters that screens are made of, and the one Textual widget."""
