"""The one table of keys: it drives dispatch, the footer, the help, the documentation and the tests. Pure.

No key needs ctrl or alt. A control key only asks; another key, `CONFIRM`, acts.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from msgspec import Struct

SCREENS = ("live", "history", "experiment", "failures", "sql", "replay")
EVERYWHERE = frozenset(SCREENS)
PLOTS = frozenset({"live", "experiment"})
LISTS = frozenset({"live", "history", "failures"})

CONFIRM = "Y"


class Key(Struct, frozen=True, kw_only=True):
    """One binding: `keys` are characters, or Textual's names of keys that have none; `shown` is what a person reads."""

    keys: tuple[str, ...]
    shown: str
    action: str
    label: str
    help: str
    where: frozenset[str] = EVERYWHERE
    footer: bool = False
    control: bool = False  # asks to post an intent, so absent when read-only and in replay
    replaying: bool = False  # bound only while an earlier position is shown
    several: bool = False  # of use only while several experiments are in flight


def _key(
    keys: str,
    action: str,
    words: str,
    *,
    shown: str = "",
    label: str = "",
    on: AbstractSet[str] = EVERYWHERE,
    footer: bool = False,
    control: bool = False,
    replaying: bool = False,
    several: bool = False,
) -> Key:
    """A row of the table: `keys` separated by spaces; what is not said follows from them and the action."""
    names = tuple(" " if name == "space" else name for name in keys.split(" "))
    return Key(
        keys=names,
        shown=shown or names[0],
        action=action,
        label=label or action,
        help=words,
        where=frozenset(on),
        footer=footer,
        control=control,
        replaying=replaying,
        several=several,
    )


KEYS = (
    _key("1", "show live", "the experiment in flight", label="live"),
    _key("2", "show history", "every experiment", label="history"),
    _key("3", "show experiment", "the experiment under the cursor", label="experiment"),
    _key("4", "show failures", "what failed, by error", label="failures"),
    _key("5", "show sql", "any question to the journal", label="sql"),
    _key("6", "show replay", "the night, step by step", label="replay"),
    # What is special to a screen comes first in its footer.
    _key("enter", "open", "open what the cursor is on", on=LISTS, footer=True),
    _key(
        "tab",
        "next in flight",
        "of several experiments in flight the next one in full",
        label="next",
        on={"live"},
        footer=True,
        several=True,
    ),
    _key("shift+tab", "previous in flight", "the one before", label="previous", on={"live"}),
    _key(
        "enter e /",
        "edit sql",
        "write a query; enter runs it, tab completes, ↑ ↓ recall earlier ones",
        label="edit",
        on={"sql"},
        footer=True,
    ),
    _key(
        "o",
        "saved queries",
        "queries that come with the program, and your own",
        label="saved",
        on={"sql"},
        footer=True,
    ),
    _key("w", "save query", "save this query under a name", label="save", on={"sql"}),
    _key("x", "interrupt", "end the query that runs", on={"sql"}),
    _key(
        "[ N",
        "previous experiment",
        "the experiment before this one",
        label="previous",
        on={"experiment"},
        footer=True,
    ),
    _key("] n", "next experiment", "the experiment after this one", label="next", on={"experiment"}, footer=True),
    _key("tab", "next pane", "the next part of the screen", label="pane", on={"experiment"}, footer=True),
    _key("shift+tab", "previous pane", "the part before", label="pane", on={"experiment"}),
    _key(
        "/",
        "filter",
        "show only some: status:keep delta<-0.001 idea~rope knob:MATRIX_LR",
        on={"live", "history"},
        footer=True,
    ),
    _key("/", "search", "full text of traces, errors and ideas", on={"failures"}, footer=True),
    _key("o", "sort", "sort by several columns: gain -number", on={"history"}, footer=True),
    _key("m", "mark", "mark for comparison; again to unmark", on={"history"}, footer=True),
    _key("M", "clear marks", "forget all marks", label="unmark", on={"history", "experiment"}),
    _key(
        "c",
        "compare",
        "curves and diffs of the marked ones, one over the other",
        on={"history", "experiment"},
        footer=True,
    ),
    # Control: each only asks.
    _key("p", "pause", "pause after what is in flight, or go on again", footer=True, control=True),
    _key("s", "skip", "end the experiment in flight; it is recorded as invalid", footer=True, control=True),
    _key("d", "direct", "add a direction for the proposals to come", footer=True, control=True),
    _key("D", "withdraw", "take a direction back", control=True),
    _key("S", "stop", "end the session after what is in flight", control=True),
    _key("X", "stop now", "end the session and what is in flight at once", control=True),
    _key(
        "v",
        "veto",
        "take the kept experiment under the cursor back",
        on={"live", "history", "experiment"},
        control=True,
    ),
    _key(
        "f",
        "go on from",
        "go on from the experiment under the cursor, kept or not",
        label="from",
        on={"live", "history", "experiment"},
        control=True,
    ),
    # Plots.
    _key("z", "zoom", "the plots over the whole screen", on=PLOTS, footer=True),
    _key("l", "log", "logarithmic scale", on=PLOTS),
    _key("w", "smooth", "moving average", on=PLOTS),
    _key("a", "axis", "over time, steps or tokens", on=PLOTS),
    _key("left", "crosshair left", "read values off the curve", shown="←", label="crosshair", on=PLOTS),
    _key("right", "crosshair right", "the same, to the right", shown="→", label="crosshair", on=PLOTS),
    _key("left", "columns left", "columns to the left", shown="←", label="columns", on={"sql"}),
    _key("right", "columns right", "columns to the right", shown="→", label="columns", on={"sql"}),
    # Replay.
    _key(",", "event back", "one event back", label="event", footer=True, replaying=True),
    _key(".", "event on", "one event on", label="event", footer=True, replaying=True),
    _key("<", "verdict back", "to the verdict before", label="verdict", replaying=True),
    _key(">", "verdict on", "to the next verdict", label="verdict", replaying=True),
    _key("left", "event back", "one event back", shown="←", label="event", on={"replay"}, replaying=True),
    _key("right", "event on", "one event on", shown="→", label="event", on={"replay"}, replaying=True),
    _key("@", "seek", "to a time (02:14), an experiment (#14), a position (1204) or a share (50%)"),
    _key("b", "play", "play, or hold", footer=True, replaying=True),
    _key("+ =", "faster", "play faster", replaying=True),
    _key("-", "slower", "play slower", replaying=True),
    _key("L", "live again", "back to now", label="live", footer=True, replaying=True),
    # Moving.
    _key("j down", "down", "one line down", shown="j ↓"),
    _key("k up", "up", "one line up", shown="k ↑"),
    _key("g home", "top", "to the first line", shown="g home"),
    _key("G end", "bottom", "to the last line", shown="G end"),
    _key("pagedown space", "page down", "a page down", shown="space pgdn"),
    _key("pageup backspace", "page up", "a page up", shown="pgup"),
    # The rest.
    _key("y", "copy", "copy what the cursor is on (OSC 52, and a file)"),
    _key("T", "theme", "terminal, dark, light, contrast, plain"),
    _key("C", "calm", "redraw at most every five seconds"),
    _key("escape", "back", "close, clear, or back to the screen before", shown="esc"),
    _key(":", "palette", "find a command by its name", label="commands"),
    _key("?", "help", "this page", footer=True),
    _key("q", "quit", "leave; the loop goes on", footer=True),
)


def available(screen: str, *, readonly: bool, replaying: bool) -> Iterator[Key]:
    """The bindings that do something on a screen, in the order of the table."""
    for one in KEYS:
        if screen not in one.where or (one.control and (readonly or replaying)) or (one.replaying and not replaying):
            continue
        yield one


def bound(key: str, screen: str, *, readonly: bool, replaying: bool) -> Key | None:
    """The binding of a key on a screen."""
    return next((one for one in available(screen, readonly=readonly, replaying=replaying) if key in one.keys), None)


def markdown() -> str:
    """The table as documentation: `docs/keys.md`."""
    lines = [
        "# Keys of `ar-tui`",
        "",
        "Made by `python -m tui.state.keys` from its own table, which also makes the footer and the help page.",
        f"A key marked ✋ only asks; `{CONFIRM}` then acts, and any other key does not. It is absent with `--readonly` and",
        "in replay. A key marked ↺ works while an earlier position is shown.",
        "",
        "| key | what it does | where |",
        "|---|---|---|",
    ]
    for one in KEYS:
        where = "everywhere" if one.where == EVERYWHERE else ", ".join(name for name in SCREENS if name in one.where)
        sign = " ✋" if one.control else " ↺" if one.replaying else ""
        shown = " ".join(f"`{name}`" for name in one.shown.split(" "))
        lines.append(f"| {shown}{sign} | {one.help} | {where} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
