"""One unattended session: start or resume, loop, steer, stop."""
