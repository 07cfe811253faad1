"""The Textual app: frames, keys, effects."""
