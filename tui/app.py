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
from journal.locate import locate
from journal.store import Reader
from journal.tail import Tail
from journal.tail import follow as follow_events
from tui.feed import look_once
from tui.lines import event_line, status_lines
from tui.themes import THEMES
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
    add("--at", type=int, metavar="POSITION", help="show the journal as it stood at a position")
    add("--replay", action="store_true", help="begin at the first event, to be played or stepped through")
    add("--lines", action="store_true", help="plain lines as things happen, for logs and screen readers; no screen")
    add("--theme", choices=tuple(THEMES), help="default: the terminal's own colours; plain where NO_COLOR is set")
    add("--calm", action="store_true", help="redraw at most every five seconds")
    add("--mouse", action="store_true", help="take the mouse (the terminal's own selection then needs shift)")
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
    path = locate(options.journal)
    if options.lines:
        return follow(path)
    if not _is_screen():
        return print_status(path, position=options.at)
    from tui.screen import run  # noqa: PLC0415 - Textual costs 175 ms

    return run(path, look=_look(options), replay=1 if options.replay else options.at, mouse=options.mouse)


def print_status(path: Path, *, position: int | None = None) -> int:
    """The status as plain lines, on stdout."""
    snapshot = look_once(path, position=position)
    now = datetime.fromisoformat(snapshot.recorded_at) if position is not None else datetime.now(UTC)
    for line in status_lines(snapshot, now=now):
        print(line)
    return 0


def follow(path: Path) -> int:
    """A line for each thing that happens, until interrupted."""
    with Tail(path) as tail:
        reader = Reader(path)
        try:
            print_status(path)
            sys.stdout.flush()
            for recorded in follow_events(reader, after=reader.head()[0], tail=tail):
                print(event_line(recorded), flush=True)
        except KeyboardInterrupt:
            return 130
        finally:
            reader.close()
    return 0


def _look(options: argparse.Namespace) -> Look:
    utf8 = "utf" in locale.getpreferredencoding(do_setlocale=False).lower()
    plain = "NO_COLOR" in os.environ and os.environ["NO_COLOR"] != ""
    return Look(
        theme=options.theme or ("plain" if plain else "terminal"),
        ascii=options.ascii or not utf8,
        readonly=options.readonly,
        calm=options.calm,
    )


def _is_screen() -> bool:
    return (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and sys.stderr.isatty()
        and os.environ.get("TERM") not in {None, "", "dumb"}
    )


if __name__ == "__main__":
    sys.exit(main())
