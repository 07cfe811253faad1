"""The console script `ar-loop`. It imports nothing heavy before Ctrl-C is handled."""

from journal.console.entry import run_main


def main() -> None:
    run_main("loop.cli")
