"""What the person at the screen has chosen: the second argument of every painter. Frozen values, pure."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from journal.events.recorded import Recorded
from journal.query.sql import QueryResult
from tui.model.snapshot import Curve, Detail, Snapshot

AXES = ("time", "step", "tokens")
PANES = ("diff", "curve", "runs", "trace", "prompt", "lineage")
SPEEDS = (1, 10, 60, 600, 3_600)  # seconds of the night per second of play


class PlotUi(Struct, frozen=True, kw_only=True):
    """How curves are drawn. `crosshair` counts columns from the right edge."""

    log: bool = False
    smooth: bool = False
    axis: str = "time"
    crosshair: int | None = None


class Look(Struct, frozen=True, kw_only=True):
    """What the terminal can show, and what was asked for at the start."""

    theme: str = "terminal"
    ascii: bool = False
    readonly: bool = False
    calm: bool = False


class InputLine(Struct, frozen=True, kw_only=True):
    """A line that is being written. `kind` says for what; `chosen` is the marked line of a list below it."""

    kind: str
    text: str = ""
    caret: int = 0
    chosen: int = 0
    recalled: int = 0  # how far back in the history


class Confirm(Struct, frozen=True, kw_only=True):
    """A control action that waits for its second key. `asked` is monotonic time."""

    action: str
    words: str
    asked: float
    experiment: int | None = None
    text: str = ""
    direction: int | None = None


class Sql(Struct, frozen=True, kw_only=True):
    """The SQL screen: the query, what came of it, and where one looks."""

    query: str = ""
    asked: int = 0  # counts questions; an answer to an earlier one is dropped
    running: bool = False
    answer: QueryResult | None = None
    error: str = ""
    seconds: float = 0.0
    column: int = 0
    history: tuple[str, ...] = ()
    saved: tuple[tuple[str, str], ...] = ()


class Ui(Struct, frozen=True, kw_only=True):
    """The whole state of the screen. Cursors of experiments are rows of the ledger: they stay on what they were put on."""

    screen: str = "live"
    before: str = "live"
    look: Look = Look()
    plot: PlotUi = PlotUi()
    zoom: bool = False
    cursor: int | None = None  # row under the cursor of live and history; None follows the newest
    experiment: int | None = None  # row shown on the experiment screen
    pane: str = "diff"
    line: int = 0  # scrolled lines: panes, help
    comparing: bool = False
    marks: frozenset[int] = frozenset()
    filter: str = ""
    sort: str = ""
    search: str = ""
    cluster: int = 0
    result: int = 0  # cursor in the rows of an answer
    sql: Sql = Sql()
    prompt: InputLine | None = None
    confirm: Confirm | None = None
    help: bool = False
    replay: int | None = None  # the position shown; None is live
    playing: bool = False
    speed: int = 60
    note: str = ""  # one line about the last action, until the next key


class Hit(Struct, frozen=True, kw_only=True):
    """A failed run that a search found; `snippet` marks what matched with « »."""

    session: str
    experiment: int
    run: int
    kind: str
    snippet: str


class Loaded(Struct, frozen=True, kw_only=True):
    """What was read from disk for the screen shown."""

    detail: Detail | None = None  # of the experiment looked at
    curve: Curve = ()  # and its telemetry
    asked: tuple[str, ...] = ()  # what its proposers were asked and answered, as sanitized lines
    compared: tuple[tuple[Detail, Curve], ...] = ()
    events: tuple[Recorded, ...] = ()  # around the position shown
    hits: tuple[Hit, ...] = ()
    hits_error: str = ""


class Scene(Struct, frozen=True, kw_only=True):
    """Everything a painter may look at. `now` is the clock's time when live, the night's own in replay."""

    snapshot: Snapshot
    ui: Ui
    now: datetime
    rows: Sequence[int] = ()  # rows of the list shown, filtered and sorted
    filter_error: str = ""
    loaded: Loaded = Loaded()
    height: int = 24
