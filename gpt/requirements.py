"""What a process of the demonstration says if a package is missing that the loop itself does not need."""

import sys


def missing_package(error: ModuleNotFoundError) -> SystemExit:
    """Print one sentence about the package; the exit to raise, with the code for bad input."""
    print(f"error: {error.name} is not installed: `pip install 'ar-loop[gpt]'` into {sys.executable}.", file=sys.stderr)
    return SystemExit(2)
