"""What an edit does: its normal form, its signature, and the knobs that it changes. Pure."""
