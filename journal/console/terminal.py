"""The only writer of stdout in `ar-journal`: a terminal gets text that cannot control it, a pipe or a file gets the data."""

import sys
from typing import TextIO

import typer

from journal.console.text import escape_controls


def print_text(text: str, *, end: str = "\n", colour: str | None = None, flush: bool = False) -> None:
    """Print to stdout. On a terminal, characters that control it become their codes, and the colour is set around them."""
    if sys.stdout.isatty():
        escaped = escape_controls(text)
        text = typer.style(escaped, fg=colour) if colour else escaped
    print(text, end=end, flush=flush)


def print_bytes(data: bytes) -> None:
    """Print UTF-8 to stdout: byte for byte, except on a terminal."""
    if sys.stdout.isatty():
        print_text(data.decode(errors="backslashreplace"), end="")
    else:
        sys.stdout.flush()  # text that was printed before
        sys.stdout.buffer.write(data)


def print_note(message: str) -> None:
    """Print a message for the person on stderr, because stdout is data."""
    print(_for(sys.stderr, message), file=sys.stderr, flush=True)


class TextSink:
    """A file for `csv.writer` that prints to stdout."""

    @staticmethod
    def write(text: str) -> None:
        """Print a piece of text."""
        print_text(text, end="")


def _for(stream: TextIO, text: str) -> str:
    return escape_controls(text) if stream.isatty() else text
