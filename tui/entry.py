"""The way in from a console: imports nothing before a Ctrl-C is provided for."""

from journal.console.entry import enter


def main() -> None:
    """`ar-tui`."""
    enter("tui.cli")
