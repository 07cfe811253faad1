"""`ar-tui`: reads its arguments, then either prints the status or opens the screen.

Textual is imported only once it is certain that a screen will be shown. The options are argparse's, because Typer, which reads
those of the other commands, needs pydantic for that: 70 ms and 9 MB of every start.
"""

import argparse
import locale
import os
import sys
from pathlib import Path
from typing import NoReturn

from journal.console.entry import refuse
from journal.console.locate import locate
from journal.errors import JournalError
from tui import headless
from tui.state.keys import SCREENS
from tui.state.ui import Look
from tui.terminal.themes import THEMES

DESCRIPTION = "Show the experiments of a session: what the loop tries, what it kept, and why."
SHELLS = ("bash", "zsh", "fish", "tcsh")
EXAMPLE = """\
examples:
  ar-tui                          beside a running loop, in the repository
  ar-tui --journal run.db --replay
  ar-tui | cat                    the status as plain lines
  ar-tui --show-completion bash > ~/.local/share/bash-completion/completions/ar-tui
"""


class Arguments(argparse.ArgumentParser):
    """A command line that refuses in the same form as the other commands."""

    def error(self, message: str) -> NoReturn:
        sys.exit(refuse(f"{message} (see `{self.prog} --help`)."))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = Arguments(
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
    add("--at", type=_position, metavar="POSITION", help="show the journal as it stood at this position")
    add("--replay", action="store_true", help="begin at the first event, to play or step through")
    add("--lines", action="store_true", help="print a line per event, for logs and screen readers")
    add("--theme", choices=tuple(THEMES), help="colours (default: the terminal's own; plain if NO_COLOR is set)")
    add("--calm", action="store_true", help="redraw at most every five seconds")
    add("--mouse", action="store_true", help="take the mouse (to select text, hold shift in most terminals)")
    add("--readonly", action="store_true", help="disable the keys that pause, skip, stop, direct or veto")
    add("--ascii", action="store_true", help="use ASCII characters only (default if the locale is not UTF-8)")
    add("--picture", type=Path, metavar="FILE", help="write one screen as an SVG file")
    add("--screen", choices=SCREENS, default="live", help="the screen of the picture (default: live)")
    add("--show-completion", choices=SHELLS, help="print a completion script for this shell")
    add("--size", type=_size, default=(100, 30), metavar="WxH", help="the size of the picture (default: 100x30)")
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    arguments = parser()
    options = arguments.parse_args(argv)
    if options.show_completion is not None:
        import shtab  # noqa: PLC0415

        print(shtab.complete(arguments, options.show_completion))
        return 0
    try:
        return _open(options)
    except JournalError as error:
        return refuse(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _open(options: argparse.Namespace) -> int:
    path = locate(options.journal)
    position = 1 if options.replay else options.at
    if options.lines:
        return headless.follow(path)
    if options.picture is not None:
        width, height = options.size
        headless.draw(path, options.picture, screen=options.screen, look=_look(options), width=width, height=height)
        return 0
    if not _is_screen():
        return headless.print_status(path, position=options.at)
    from tui.app.app import run  # noqa: PLC0415 - Textual costs 175 ms

    return run(path, look=_look(options), replay=position, mouse=options.mouse)


def _look(options: argparse.Namespace) -> Look:
    no_colour = bool(os.environ.get("NO_COLOR"))
    return Look(
        theme=options.theme or ("plain" if no_colour else "terminal"),
        ascii=options.ascii or not _unicode(),
        readonly=options.readonly,
        calm=options.calm,
    )


def _unicode() -> bool:
    """Whether the locale says UTF-8. Python's own answer is yes even in the C locale, so the variables decide."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(name)), None)
    return "utf" in (named or locale.getpreferredencoding(do_setlocale=False)).lower()


def _position(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no position: positions count events from 1")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and 20 <= int(width) <= 400 and 5 <= int(height) <= 200):
        raise argparse.ArgumentTypeError(f"{text} is no size: write columns and lines, such as 100x30")
    return int(width), int(height)


def _is_screen() -> bool:
    return (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and sys.stderr.isatty()
        and os.environ.get("TERM") not in {None, "", "dumb"}
    )


if __name__ == "__main__":
    sys.exit(main())
