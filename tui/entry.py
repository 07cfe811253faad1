"""The entry point of `ar-tui`: it imports nothing before Ctrl-C is handled."""

from journal.console.entry import run_main


def main() -> None:
    """`ar-tui`."""
    run_main("tui.cli")
