"""Rings, notifies and sets the title of a terminal, by the sequences that the terminal knows. Pure.

OSC 9 is iTerm2's, OSC 777 is urxvt's; a terminal that knows neither gets the bell and the title only.
"""

from collections.abc import Mapping

MAX_TEXT = 200  # characters
BELL = "\a"
SAVE_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"  # xterm's stack of titles
KNOWS_9 = frozenset({"iTerm.app", "WezTerm", "ghostty", "WarpTerminal"})  # by $TERM_PROGRAM
KNOWS_9_BY_TERM = ("xterm-kitty", "xterm-ghostty")
KNOWS_777_BY_TERM = ("foot", "rxvt-unicode")


def notification(text: str, *, environ: Mapping[str, str]) -> str:
    """The bell, a desktop notification if the terminal knows one, and the title."""
    shown = _payload(text)
    return BELL + _desktop(shown, environ) + title(shown)


def title(text: str) -> str:
    """The sequence that sets the title of the window."""
    return f"\x1b]2;{_payload(text)}\x07"


def _desktop(text: str, environ: Mapping[str, str]) -> str:
    term = environ.get("TERM", "")
    if "TMUX" in environ or "STY" in environ:
        return ""  # a multiplexer passes on neither of the two
    if environ.get("TERM_PROGRAM") in KNOWS_9 or term.startswith(KNOWS_9_BY_TERM):
        return f"\x1b]9;{text}\x07"
    return f"\x1b]777;notify;ar-tui;{text}\x07" if term.startswith(KNOWS_777_BY_TERM) else ""


def _payload(text: str) -> str:
    """The text without what would end the sequence or its field; no iTerm2 command, which begins with a digit."""
    printable = "".join(char for char in text if char.isprintable())[:MAX_TEXT].replace(";", ",")
    return f"ar-tui: {printable}" if printable[:1].isdigit() else printable
