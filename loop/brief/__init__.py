"""`program.md`: its keys, their validation, which files and which metric they name."""
