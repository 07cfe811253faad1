"""From the journal to snapshots and scenes: the follower thread and on-demand reads."""
