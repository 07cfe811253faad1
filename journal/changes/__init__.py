"""What a change is, whether it was tried before, and how to find it again. Pure; standard library only."""
