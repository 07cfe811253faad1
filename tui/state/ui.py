"""The user's choices on the screen, and the scene that painters get. Frozen values, pure."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo

from msgspec import Struct, field

from journal.events.recorded import Recorded
from journal.query.sql import QueryResult
from tui.model.failure_clusters import ClusterKey
from tui.model.run_curve import RunCurve
from tui.model.snapshot import ExperimentDetail, Snapshot

AXES = ("time", "step", "tokens")
PANES = ("diff", "curve", "runs", "trace", "prompt", "lineage", "log")
WITH_PREVIEW, PREVIEW_HEIGHT = (
    110,
    20,
)  # cells of the window from which lists show the experiment under the cursor beside them
FRONTIERS = (0, 400, 100, 40)  # latest experiments that the frontier shows; 0 for all
SPEEDS = (1, 10, 60, 600, 3_600)  # recorded seconds per second of playback


class PlotUi(Struct, frozen=True, kw_only=True):
    """How curves are drawn. `crosshair` counts columns from the right edge."""

    is_log: bool = False
    is_smoothed: bool = False
    axis: str = "time"
    last: int = 0  # experiments of the frontier, the latest; 0 for all
    crosshair: int | None = None


class DisplayOptions(Struct, frozen=True, kw_only=True):
    """The options of the command line, and what the terminal can show."""

    theme: str = "terminal"
    is_ascii: bool = False
    is_readonly: bool = False
    is_calm: bool = False
    is_utc: bool = False  # times of day in UTC, not in the terminal's zone
    has_mouse: bool = False
    has_bell: bool = False


class InputLine(Struct, frozen=True, kw_only=True):
    """A line that the user writes. `kind` is its purpose; `selected` is an index into the list above the line."""

    kind: str
    text: str = ""
    caret: int = 0
    selected: int = 0
    recalled: int = 0  # how far back in the history
    before: str = ""  # what held before: the filter, which typing changes at once


class Confirmation(Struct, frozen=True, kw_only=True):
    """A control action that waits for `CONFIRM`. `time` is when the question was shown, in monotonic seconds."""

    action: str
    question: str
    time: float = 0.0
    experiment: int = 0
    direction: int = 0
    request: int = 0  # position of the request to withdraw
    text: str = ""


class SqlUi(Struct, frozen=True, kw_only=True):
    """The SQL screen: the query, its result, and the first column in sight."""

    query: str = ""
    query_number: int = 0  # counts queries; the result of an earlier query is dropped
    is_running: bool = False
    result: QueryResult | None = None
    error: str = ""
    seconds: float = 0.0
    column: int = 0
    is_row_open: bool = False  # the row under the cursor in full
    history: tuple[str, ...] = ()
    saved: tuple[tuple[str, str], ...] = ()


class Ui(Struct, frozen=True, kw_only=True):
    """The state of the screen. Experiments are identified by their ledger row, so that the cursor stays on its experiment."""

    screen: str = "live"
    previous_screen: str = "live"
    display: DisplayOptions = DisplayOptions()
    plot: PlotUi = PlotUi()
    is_zoomed: bool = False
    cursor: int | None = None  # row under the cursor of live and history; None follows the newest
    experiment: int | None = None  # row on the experiment screen
    pane: str = "diff"
    is_from_baseline: bool = False  # the diff is against the baseline, not the parent
    is_wrapped: bool = False  # long lines of text
    scroll: int = 0  # lines: of a pane, of the help, or of a row in full
    is_comparing: bool = False
    marks: frozenset[int] = frozenset()
    filter: str = ""
    sort: str = ""
    search: str = ""
    cluster: ClusterKey | None = None  # the failures whose experiments are listed
    failure: int = 0  # line under the cursor of failures
    result_row: int = 0  # line under the cursor of a query's result
    sql: SqlUi = SqlUi()
    input_line: InputLine | None = None
    confirmation: Confirmation | None = None
    is_help: bool = False
    replay: int | None = None  # the position that a replay shows; None is live
    is_playing: bool = False
    speed: int = 60
    message: str = ""  # one line about the last action, until the next key


class SearchHit(Struct, frozen=True, kw_only=True):
    """A failed run that a search found; `snippet` marks the matches with « »."""

    session: str
    experiment: int
    run: int
    kind: str
    snippet: str


class ScreenData(Struct, frozen=True, kw_only=True):
    """What was read from disk for the current screen."""

    detail: ExperimentDetail | None = None
    curve: RunCurve = field(default_factory=RunCurve)  # of the same experiment
    transcript: tuple[str, ...] = ()  # the requests and answers of its proposer, as sanitized lines
    compared: tuple[tuple[ExperimentDetail, RunCurve], ...] = ()
    events: tuple[Recorded, ...] = ()  # around the replayed position
    hits: tuple[SearchHit, ...] = ()
    hit_count: int = 0  # all that the search found; `hits` has the best
    search_error: str = ""
    log: tuple[str, ...] = ()  # the end of a run's output, as sanitized lines
    baseline_diff: str = ""  # of the experiment against the baseline


class Scene(Struct, frozen=True, kw_only=True):
    """All that a painter may read.

    `now` is the time that the screens count from: the present while a loop runs, else that of the last event, and in a replay
    that of the replayed event. `present` differs from it only while no loop runs. `zone` is that of the terminal.
    """

    snapshot: Snapshot
    ui: Ui
    now: datetime
    present: datetime = datetime.min.replace(tzinfo=UTC)
    zone: tzinfo = UTC
    rows: Sequence[int] = ()  # ledger rows of the current list, filtered and sorted
    filter_error: str = ""
    data: ScreenData = ScreenData()
    height: int = 24

    def local(self, time: datetime | str) -> datetime:
        """A time, or one in ISO 8601, in the zone that the user chose."""
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
        return moment.astimezone(UTC if self.ui.display.is_utc else self.zone)

    def clock(self, time: datetime | str, *, with_seconds: bool = False) -> str:
        """The time of day of a time, which says so if it is UTC."""
        text = self.local(time).strftime("%H:%M:%S" if with_seconds else "%H:%M")
        return f"{text} UTC" if self.is_utc else text

    @property
    def is_ticking(self) -> bool:
        """Whether the screen is painted every second, or stands for a moment of the past."""
        is_live = self.snapshot.is_loop_running is not False and bool(self.snapshot.active)
        return is_live or self.ui.replay is not None

    @property
    def is_utc(self) -> bool:
        return self.ui.display.is_utc or self.zone is UTC


UiChange = Callable[[Scene], Ui]
