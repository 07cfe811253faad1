"""What a run may see of the machine (bubblewrap), and when a run without a sandbox is refused."""
