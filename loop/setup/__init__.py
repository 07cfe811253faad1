"""Before a session: read the project, check it (preflight, doctor)."""
