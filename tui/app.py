"""`ar-tui`: reads its arguments, then either prints the status or opens the screen.

Textual is imported only once it is certain that a screen will be shown.
"""

import argparse
import locale
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from journal.errors import JournalError
from tui.feed import look_once
from tui.lines import status_lines
from tui.ui import Look

DESCRIPTION = "The night on one screen: what the loop tries, what it kept, and why."
EXAMPLE = """\
examples:
  ar-tui                          beside a running loop, in the repository
  ar-tui --journal night.db --replay
  ar-tui | cat                    the status as plain lines
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = argparse.ArgumentParser(
        prog="ar-tui",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = arguments.add_argument
    add(
        "--journal",
        type=Path,
        metavar="PATH",
        help="the journal (default: $AR_JOURNAL, else .ar/journal.db of this repository)",
    )
    add("--readonly", action="store_true", help="without the keys that pause, skip, stop, direct or veto")
    add("--ascii", action="store_true", help="plain characters only (the default where the locale is not UTF-8)")
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = parser().parse_args(argv)
    try:
        return _open(options)
    except JournalError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _open(options: argparse.Namespace) -> int:
    path = _locate(options.journal)
    if not _is_screen():
        for line in status_lines(look_once(path), now=datetime.now(UTC)):
            print(line)
        return 0
    from tui.screen import run  # noqa: PLC0415 - Textual costs 175 ms

    return run(path, look=_look(options))


def _look(options: argparse.Namespace) -> Look:
    utf8 = "utf" in locale.getpreferredencoding(do_setlocale=False).lower()
    plain = "NO_COLOR" in os.environ and os.environ["NO_COLOR"] != ""
    return Look(
        theme="plain" if plain else "terminal",
        ascii=options.ascii or not utf8,
        readonly=options.readonly,
    )


def _is_screen() -> bool:
    return (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and sys.stderr.isatty()
        and os.environ.get("TERM") not in {None, "", "dumb"}
    )


def _locate(explicit: Path | None) -> Path:
    named = explicit or (Path(os.environ["AR_JOURNAL"]) if os.environ.get("AR_JOURNAL") else None)
    if named is not None:
        return named
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    return root / ".ar" / "journal.db"


if __name__ == "__main__":
    sys.exit(main())
