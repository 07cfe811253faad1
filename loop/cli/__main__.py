"""`python -m loop.cli`."""

from loop.cli import main

main()
