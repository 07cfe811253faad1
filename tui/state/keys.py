"""The table of keys, from which key dispatch, the footer, the help page, docs/keys.md and tests are made. Pure.

No key needs ctrl or alt. A control key only asks for confirmation; `CONFIRM` confirms.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from msgspec import Struct, structs

SCREENS = ("live", "history", "experiment", "failures", "sql", "replay")
EVERYWHERE = frozenset(SCREENS)
PLOTS = frozenset({"live", "experiment"})
LISTS = frozenset({"live", "history", "failures"})
EXPERIMENTS = frozenset({"live", "history", "experiment"})

CONFIRM = "Y"


class Key(Struct, frozen=True):
    """One or more keys for one action: `keys` are separated by spaces, as characters or Textual's names.

    An action without keys is found in the list of commands.
    """

    keys: str
    action: str  # its name in the list of commands
    help: str
    shown: str = ""  # how the help names the keys; by default the first key
    label: str = ""  # in the footer; by default the action
    screens: AbstractSet[str] = EVERYWHERE
    in_footer: bool = False
    is_control: bool = False  # posts an intent, so it is off when read-only and in replay
    in_replay: bool = False  # works only in replay
    is_live_only: bool = False  # off in replay
    needs_several: bool = False  # useful only while several experiments are in flight

    def __post_init__(self) -> None:
        structs.force_setattr(self, "shown", self.shown or self.names[0])
        structs.force_setattr(self, "label", self.label or self.action)
        structs.force_setattr(self, "screens", frozenset(self.screens))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(" " if name == "space" else name for name in self.keys.split())


GROUPS: tuple[tuple[str, tuple[Key, ...]], ...] = (
    (
        "screens",
        (
            Key("1", "show live", "show the experiments in flight", label="live"),
            Key("2", "show history", "list all experiments", label="history"),
            Key("3", "show experiment", "show the experiment under the cursor", label="experiment"),
            Key("4", "show failures", "list failed runs by error", label="failures"),
            Key("5", "show sql", "query the journal with SQL", label="sql"),
            Key("6", "show replay", "replay the session event by event", label="replay"),
        ),
    ),
    (
        "this screen",  # its keys come first in its footer
        (
            Key("enter", "open", "open the experiment or the list under the cursor", screens=LISTS, in_footer=True),
            Key(
                "tab",
                "next in flight",
                "show the next experiment in flight in full",
                label="next",
                screens={"live"},
                in_footer=True,
                needs_several=True,
            ),
            Key(
                "shift+tab",
                "previous in flight",
                "show the previous experiment in flight in full",
                label="previous",
                screens={"live"},
            ),
            Key(
                "enter e /",
                "edit sql",
                "write a query or @NAME: enter runs it, tab completes, ↑ ↓ recall",
                label="edit",
                screens={"sql"},
                in_footer=True,
            ),
            Key("o", "saved queries", "choose a saved query", label="saved", screens={"sql"}, in_footer=True),
            Key("v", "open row", "show the row under the cursor in full", label="row", screens={"sql"}, in_footer=True),
            Key("w", "save query", "save this query under a name", label="save", screens={"sql"}),
            Key("x", "stop query", "stop the running query", screens={"sql"}),
            Key(
                "[ N",
                "previous experiment",
                "show the previous experiment",
                label="previous",
                screens={"experiment"},
                in_footer=True,
            ),
            Key(
                "] n",
                "next experiment",
                "show the next experiment",
                label="next",
                screens={"experiment"},
                in_footer=True,
            ),
            Key("tab", "next pane", "show the next pane", label="pane", screens={"experiment"}, in_footer=True),
            Key("shift+tab", "previous pane", "show the previous pane", label="pane", screens={"experiment"}),
            Key(
                "B",
                "baseline diff",
                "show the diff against the baseline, or against the parent",
                label="baseline",
                screens={"experiment"},
                in_footer=True,
            ),
            Key("t", "tail", "follow the output of the training", screens={"live", "experiment"}, in_footer=True),
            Key("W", "wrap", "wrap long lines, or cut them", screens={"experiment", "failures"}),
        ),
    ),
    (
        "finding",
        (
            Key(
                "/",
                "filter",
                "filter as you type: status:keep delta<-0.001 idea~rope knob:MATRIX_LR; tab completes",
                screens={"live", "history"},
                in_footer=True,
            ),
            Key("/", "search", "search traces, errors and ideas", screens={"failures"}, in_footer=True),
            Key(
                "o",
                "sort",
                "sort by columns, the best first: gain number; - and + set the order",
                screens={"history"},
                in_footer=True,
            ),
            Key("b", "best", "go to the best experiment", is_live_only=True, screens=EXPERIMENTS | {"failures"}),
            Key("m", "mark", "mark or unmark for comparison", screens={"history"}, in_footer=True),
            Key("M", "clear marks", "clear all marks", label="unmark", screens={"history", "experiment"}),
            Key(
                "c",
                "compare",
                "compare curves and diffs of the marked experiments",
                screens={"history", "experiment"},
                in_footer=True,
            ),
            Key(":", "palette", "find a command, #7, best, an idea, a query or a theme", label="find", in_footer=True),
        ),
    ),
    (
        "control",  # each key only asks for confirmation
        (
            Key("p", "pause", "pause after the experiments in flight, or resume", in_footer=True, is_control=True),
            Key("s", "skip", "end the experiment in flight; its verdict is invalid", in_footer=True, is_control=True),
            Key("d", "direct", "add a direction for the next proposals", in_footer=True, is_control=True),
            Key("D", "withdraw", "choose a standing direction and withdraw it", is_control=True),
            Key("u", "withdraw request", "withdraw a request that the loop has not answered", is_control=True),
            Key("S", "stop", "stop the session after the experiments in flight", is_control=True),
            Key("X", "stop now", "stop the session and its runs now", is_control=True),
            Key("v", "veto", "undo the kept experiment under the cursor", screens=EXPERIMENTS, is_control=True),
            Key(
                "f",
                "branch from",
                "make the experiment under the cursor the incumbent",
                label="branch",
                screens=EXPERIMENTS,
                is_control=True,
            ),
        ),
    ),
    (
        "plots",
        (
            Key("z", "zoom", "enlarge the plots, or shrink them", screens=PLOTS, in_footer=True),
            Key(
                "F",
                "frontier",
                "show all experiments of the frontier, or the last 400, 100, 40",
                screens={"live", "replay"},
            ),
            Key("l", "log", "logarithmic scale on or off", screens=PLOTS),
            Key("w", "smooth", "moving average on or off", screens=PLOTS),
            Key("a", "axis", "plot over time, steps or tokens", screens=PLOTS),
            Key("left", "crosshair left", "read values off the curve", shown="←", label="crosshair", screens=PLOTS),
            Key("right", "crosshair right", "move the crosshair right", shown="→", label="crosshair", screens=PLOTS),
            Key("left", "columns left", "scroll the columns left", shown="←", label="columns", screens={"sql"}),
            Key("right", "columns right", "scroll the columns right", shown="→", label="columns", screens={"sql"}),
        ),
    ),
    (
        "replay",
        (
            Key(",", "previous event", "go to the previous event", label="event", in_footer=True, in_replay=True),
            Key(".", "next event", "go to the next event", label="event", in_footer=True, in_replay=True),
            Key("<", "previous verdict", "go to the previous verdict", label="verdict", in_replay=True),
            Key(">", "next verdict", "go to the next verdict", label="verdict", in_replay=True),
            Key("left", "previous event", "go to the previous event", shown="←", screens={"replay"}, in_replay=True),
            Key("right", "next event", "go to the next event", shown="→", screens={"replay"}, in_replay=True),
            Key("@", "seek", "go to 02:14 (time), #14 (experiment), 1204 (position) or 50%"),
            Key("b", "play", "start or stop playback", in_footer=True, in_replay=True),
            Key("+ =", "faster", "play faster", in_replay=True),
            Key("-", "slower", "play slower", in_replay=True),
            Key("L", "back to live", "leave the replay", label="live", in_footer=True, in_replay=True),
        ),
    ),
    (
        "moving",
        (
            Key("j down", "down", "one line down", shown="j ↓"),
            Key("k up", "up", "one line up", shown="k ↑"),
            Key("g home", "top", "to the first line", shown="g home"),
            Key("G end", "bottom", "to the last line", shown="G end"),
            Key("pagedown space", "page down", "one page down", shown="space pgdn"),
            Key("pageup backspace", "page up", "one page up", shown="pgup"),
            Key("escape", "back", "close, clear, or show the previous screen", shown="esc"),
        ),
    ),
    (
        "everywhere",
        (
            Key("y", "copy", "copy the item under the cursor (OSC 52, and a file)"),
            Key("T", "theme", "next theme: terminal, dark, light, contrast, plain"),
            Key("U", "utc", "times of day in UTC, or in the terminal's zone"),
            Key("C", "calm", "redraw at most every five seconds, or at once"),
            Key("", "mouse", "click and scroll with the mouse, or let the terminal have it", shown=":mouse"),
            Key("", "bell", "ring and set the terminal's title on a keep, a crash and the end, or not", shown=":bell"),
            Key("?", "help", "show this help", in_footer=True),
            Key("q", "quit", "quit; the loop keeps running", in_footer=True),
        ),
    ),
)
KEYS = tuple(key for _, keys in GROUPS for key in keys)


def available(screen: str, *, is_readonly: bool, is_replay: bool) -> Iterator[Key]:
    """The bindings of a screen, in the order of the table."""
    for binding in KEYS:
        is_control_off = binding.is_control and (is_readonly or is_replay)
        is_off = is_control_off or (binding.is_live_only if is_replay else binding.in_replay)
        if screen in binding.screens and not is_off:
            yield binding


def find_binding(key: str, screen: str, *, is_readonly: bool, is_replay: bool) -> Key | None:
    """The binding of a key on a screen."""
    bindings = available(screen, is_readonly=is_readonly, is_replay=is_replay)
    return next((binding for binding in bindings if key in binding.names), None)


def markdown() -> str:
    """The table as documentation: `docs/keys.md`."""
    lines = [
        "# Keys of `ar-tui`",
        "",
        "Generated by `python -m tui.state.keys` from the table that also makes the footer and the help page.",
        f"A key marked ✋ asks for confirmation: `{CONFIRM}` confirms, any other key cancels. It is off with `--readonly`",
        "and in replay. A key marked ↺ works only in replay, that is, while the screens show an earlier position, and",
        "a key marked ● only outside it. An action without a key is found with `:`.",
    ]
    for title, keys in GROUPS:
        lines += ["", f"## {title.capitalize()}", "", "| key | what it does | screens |", "|---|---|---|"]
        lines += map(_markdown_row, keys)
    return "\n".join(lines) + "\n"


def _markdown_row(binding: Key) -> str:
    screens = ", ".join(name for name in SCREENS if name in binding.screens)
    mark = " ✋" if binding.is_control else " ↺" if binding.in_replay else " ●" if binding.is_live_only else ""
    keys = " ".join(f"`{name}`" for name in binding.shown.split(" "))
    return f"| {keys}{mark} | {binding.help} | {'all' if binding.screens == EVERYWHERE else screens} |"


if __name__ == "__main__":
    print(markdown(), end="")
