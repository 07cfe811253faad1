"""The memory block of the brief: what a session and its study have learned, for the next proposal. Pure."""
