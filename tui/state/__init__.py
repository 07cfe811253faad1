"""What the user has chosen, and what each key does to it: (scene, key) -> (ui, effects). Pure."""
