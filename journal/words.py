"""Journal to terminal: the line of an event, a verdict with its numbers, and text made safe. Pure.

Ideas, traces and reasons come from models and from training output: `plain` strips what could command a terminal.
"""

import re

from journal.events import Event, Verdict
from journal.narration import narrate, number
from journal.recorded import Recorded

# C0 and C1 controls, zero-width and bidirectional marks; newline and tab stay
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
WIDEST = 160  # characters of a sentence in the log


def plain(text: str) -> str:
    """The text without anything that a terminal would obey."""
    return _UNSAFE.sub("", text)


def one_line(text: str, *, width: int = 100) -> str:
    """The text on one line of at most `width` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def line(recorded: Recorded) -> str:
    """Position, time of day (UTC), session and sentence: one line of the log."""
    told = one_line(sentence(recorded.event), width=WIDEST)
    return f"{recorded.position:>6}  {recorded.recorded_at[11:19]}  {plain(recorded.event.session)}  {told}"


def sentence(event: Event) -> str:
    """What happened; for events that only matter to the machine, their name in words."""
    told = narrate(event)
    if told is not None:
        return told
    experiment = getattr(event, "experiment", None)
    return ("" if experiment is None else f"#{experiment} ") + _CAPITAL.sub(" ", event.NAME).lower()


def count(number: int, word: str) -> str:
    """One of something, or several."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def change(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+.3g}"


def verdict(event: Verdict) -> str:
    """A verdict with its numbers: metric, change against the incumbent, gain in σ, and the reason."""
    if event.metric is None:
        return f"no metric: {one_line(event.reason, width=WIDEST)}"
    against = f" ({change(event.delta)} against {number(event.incumbent)}" if event.delta is not None else ""
    gain = f", {event.gain_sigma:+.1f}σ" if against and event.gain_sigma is not None else ""
    return f"{number(event.metric)}{against}{gain}{')' if against else ''}: {one_line(event.reason, width=WIDEST)}"
