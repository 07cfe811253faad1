"""`ar-tui`: parses the command line, then prints the status or opens the screen.

Textual is imported only if a screen is opened. The options are argparse's, because Typer, which parses those of the other
commands, needs pydantic: 70 ms and 9 MB at every start.
"""

import argparse
import gc
import locale
import os
import sys
from pathlib import Path
from typing import NoReturn

from msgspec.structs import replace

from journal.console.entry import print_error
from journal.console.locate import locate
from journal.errors import JournalError
from tui import headless
from tui.state.keys import SCREENS
from tui.state.ui import DisplayOptions
from tui.terminal.themes import THEMES

DESCRIPTION = "Show the experiments of a session: what the loop tries, what it keeps, and why."
SHELLS = ("bash", "zsh", "fish", "tcsh")
EXAMPLES = """\
examples:
  ar-tui                                follow the loop of this repository
  ar-tui --journal run.db --replay      replay another journal from its first event
  ar-tui | cat                          print the status as plain lines
  ar-tui --show-completion bash > ~/.local/share/bash-completion/completions/ar-tui
"""


class _ArgumentParser(argparse.ArgumentParser):
    """Prints errors in the form of the other commands."""

    def error(self, message: str) -> NoReturn:
        sys.exit(print_error(f"{message} (see `{self.prog} --help`)."))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = _ArgumentParser(
        prog="ar-tui",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = arguments.add_argument
    add(
        "--journal",
        type=Path,
        metavar="PATH",
        help="journal to read (default: $AR_JOURNAL, else .ar/journal.db of this repository)",
    )
    add("--at", type=_position, metavar="POSITION", help="show the journal as of this position")
    add("--replay", action="store_true", help="start at the first event, to play or step through the journal")
    add("--lines", action="store_true", help="print the status, then a line per event (for logs and screen readers)")
    add("--theme", choices=tuple(THEMES), help="colours (default: your last choice; plain if NO_COLOR is set)")
    add("--calm", action="store_true", help="redraw at most every five seconds")
    add(
        "--mouse",
        action=argparse.BooleanOptionalAction,
        help="click and scroll with the mouse (to select text, hold shift in most terminals)",
    )
    add(
        "--bell",
        action=argparse.BooleanOptionalAction,
        help="ring, notify and set the terminal's title on a keep, a crash and the end",
    )
    add("--readonly", action="store_true", help="turn off the keys that pause, skip, stop, direct, veto or branch")
    add("--ascii", action="store_true", help="use ASCII characters only (default if the locale is not UTF-8)")
    add("--picture", type=Path, metavar="FILE", help="write a picture of one screen as an SVG file, and exit")
    add("--screen", choices=SCREENS, default="live", help="screen of the picture (default: live)")
    add("--size", type=_size, default=(100, 30), metavar="WxH", help="size of the picture in cells (default: 100x30)")
    add("--show-completion", choices=SHELLS, help="print a completion script for this shell, and exit")
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Run the command. Returns the exit code."""
    arguments = parser()
    options = arguments.parse_args(argv)
    if options.show_completion is not None:
        import shtab  # noqa: PLC0415

        print(shtab.complete(arguments, options.show_completion))
        return 0
    try:
        return _run(options)
    except JournalError as error:
        return print_error(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(options: argparse.Namespace) -> int:
    path, display = locate(options.journal), _display(options)
    if options.lines:
        return headless.follow(path)
    if options.picture is not None:
        width, height = options.size
        headless.draw(path, options.picture, screen=options.screen, display=display, width=width, height=height)
        return 0
    if not _is_terminal():
        return headless.print_status(path, position=options.at)
    gc.disable()  # nothing that is imported becomes garbage, and looking for it takes a tenth of the start
    from tui.app.app import run  # noqa: PLC0415 - Textual costs 175 ms

    return run(path, display=_with_choices(display, options), replay=1 if options.replay else options.at)


def _display(options: argparse.Namespace) -> DisplayOptions:
    return DisplayOptions(
        theme=options.theme or ("plain" if os.environ.get("NO_COLOR") else "terminal"),
        is_ascii=options.ascii or not _is_unicode(),
        is_readonly=options.readonly,
        is_calm=options.calm,
    )


def _with_choices(display: DisplayOptions, options: argparse.Namespace) -> DisplayOptions:
    """The options with those that the user chose on the screen before; the command line overrides them."""
    from tui.app import options_file  # noqa: PLC0415 - only a screen needs it

    chosen = options_file.read(options_file.default_file(), display)
    has_theme = options.theme is not None or os.environ.get("NO_COLOR")
    return replace(
        chosen,
        theme=display.theme if has_theme else chosen.theme,
        has_mouse=chosen.has_mouse if options.mouse is None else options.mouse,
        has_bell=chosen.has_bell if options.bell is None else options.bell,
    )


def _is_unicode() -> bool:
    """Whether the locale is UTF-8. Python itself uses UTF-8 even in the C locale, so the environment decides."""
    name = next((os.environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(name)), None)
    return "utf" in (name or locale.getpreferredencoding(do_setlocale=False)).lower()


def _position(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a position: write a number from 1")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and 20 <= int(width) <= 400 and 5 <= int(height) <= 200):
        raise argparse.ArgumentTypeError(f"{text} is not a size from 20x5 to 400x200, such as 100x30")
    return int(width), int(height)


def _is_terminal() -> bool:
    return (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and sys.stderr.isatty()
        and os.environ.get("TERM") not in {None, "", "dumb"}
    )


if __name__ == "__main__":
    sys.exit(main())
