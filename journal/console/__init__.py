"""Shared by the three commands: entry point, exit codes, journal path, safe text, output files."""
