"""What the person at the screen has chosen: the second argument of every painter. Frozen values, pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tui.snapshot import Detail, Snapshot

SCREENS = ("live", "history", "experiment", "failures", "sql", "replay")
AXES = ("time", "step", "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotUi:
    """How curves are drawn."""

    log: bool = False
    smooth: bool = False
    axis: str = "time"
    crosshair: int | None = None  # column from the right edge of the plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the terminal can show, and what was asked for at the start."""

    theme: str = "terminal"
    ascii: bool = False
    readonly: bool = False
    calm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ui:
    """The whole state of the screen."""

    screen: str = "live"
    look: Look = Look()
    plot: PlotUi = PlotUi()
    zoom: bool = False
    replay: int | None = None  # the position shown; None is live
    note: str = ""  # one line about the last action, until the next key


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything a painter may look at. `now` is the clock's time when live, the event's own time in replay."""

    snapshot: Snapshot
    ui: Ui
    now: datetime
    detail: Detail | None = None  # of the experiment looked at
    extra: Mapping[str, object] = field(default_factory=dict)
