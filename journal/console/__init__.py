"""What the three commands share: entry point, exit codes, journal path, safe text, output files."""
