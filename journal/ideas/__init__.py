"""What an idea is, whether it has been had before, and how to find it again. Pure; standard library only."""
