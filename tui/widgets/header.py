"""The lines above every screen: tabs and pending requests; the metric and the loop; counts, cost and time. Pure.

Nothing here wraps; parts that do not fit are left out.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.cells import cell_len

from tui.model.session_summary import SessionSummary
from tui.model.snapshot import Snapshot
from tui.state.keys import SCREENS
from tui.state.ui import Scene
from tui.terminal.formatting import clip, count, dollars, duration, number, percent_change, sanitize, sigmas
from tui.terminal.frame import Frame
from tui.widgets.loop_state import loop_state
from tui.widgets.requests import request_chips

LINES, SHORT_LINES = 3, 2  # the tabs have a line of their own unless the window is low
LOW = 20  # lines of the window below which the footer alone names the screen
MIN_NAME = 8  # cells of the session or the metric, if the header has no room for the whole name
MIN_REASON = 12  # cells below which the header leaves a reason out

Parts = Sequence[tuple[str, str]]


def header_lines(height: int) -> int:
    """The lines of the header in a window of this height."""
    return LINES if height >= LOW else SHORT_LINES


def paint_header(frame: Frame, scene: Scene) -> None:
    """Paint the header."""
    session = scene.snapshot.view.session
    y = header_lines(frame.height) - SHORT_LINES
    chips = request_chips(scene)
    stop = _paint_tabs(frame, scene) + 2 if y else frame.width
    is_above = bool(chips) and stop + sum(cell_len(chip) + 1 for chip in chips[:1]) <= frame.width
    if is_above:
        _put_right(frame, 0, stop, [(f" {chip} ", "chip") for chip in chips])
    if session is None:
        frame.put(0, y, "No session in this journal yet: start one with `ar-loop run`.", "title")
        return
    state: Parts = [(f" {chips[0]} ", "chip")] if chips and not is_above else [_loop_state(scene, session)]
    _paint_metric(frame, y, session, state)
    left = _put_right(frame, y + 1, frame.width // 3, _spent(scene, session))
    _put_left(frame, y + 1, left - 2, _counts(scene, session))


def _loop_state(scene: Scene, session: SessionSummary) -> tuple[str, str]:
    return loop_state(scene.snapshot, session, now=scene.now, is_replay=scene.ui.replay is not None)


def _paint_tabs(frame: Frame, scene: Scene) -> int:
    """The screens with their numbers; returns the column after them."""
    names = [f" {number} {name} " for number, name in enumerate(SCREENS, start=1)]
    if sum(map(len, names)) > frame.width:
        names = [name.rstrip() for name in names]
    x = 0
    for name, screen in zip(names, SCREENS, strict=True):
        frame.add_target(x, 0, len(name), ("screen", screen))
        x = frame.put(x, 0, name, "tab" if screen == scene.ui.screen else "dim")
    return x


def _paint_metric(frame: Frame, y: int, session: SessionSummary, state: Parts) -> None:
    """The session, its metric, the best value and what was gained; at the right what the loop does."""
    whole, role = state[0]
    short = whole.partition(": ")[0]  # Live shows the reason after the colon in full
    progress = _progress(session, frame.width - cell_len(short) - 1)
    room = frame.width - _total_width(progress)
    shown = whole if room >= cell_len(short) + MIN_REASON else short
    shown = clip(shown, max(room, min(frame.width // 2, cell_len(short))))
    left = frame.put_right(frame.width, y, shown, role)
    _put_left(frame, y, left - 2, progress)


def _progress(session: SessionSummary, width: int) -> list[tuple[str, str]]:
    """Of what does not fit, first the baseline's value goes, then the gain, then letters of the names."""
    best = number(session.best)
    if session.best_experiment is not None:
        best += f" (#{session.best_experiment})"
    tag, metric, arrow = sanitize(session.tag), sanitize(session.metric), "↓" if session.is_minimized else "↑"
    noise = (f"σ {number(session.sigma)}", "")
    gain = _gain(session)
    since = [(f"since baseline {number(session.baseline)}", "dim")] if gain else []
    choices: list[list[tuple[str, str]]] = [[*gain, *since, noise], [*gain, noise], [noise]]
    for rest in choices:
        parts = [(tag, "title"), (f"{metric} {arrow} {best}", "strong"), *rest]
        if _total_width(parts) <= width:
            return parts
    short = clip(metric, max(MIN_NAME, cell_len(metric) - (_total_width(parts) - width)))
    parts[1] = (f"{short} {arrow} {best}", "strong")
    parts[0] = (clip(tag, max(MIN_NAME, cell_len(tag) - (_total_width(parts) - width))), "title")
    return parts


def _gain(session: SessionSummary) -> list[tuple[str, str]]:
    """What was gained since the baseline, in percent and in σ."""
    gain = session.gain
    if not gain or session.best is None or session.baseline is None:
        return []
    role = "good" if gain > 0 else ""
    parts = [(percent_change(session.best, session.baseline), role)] if session.baseline else []
    if session.sigma:
        parts.append((sigmas(gain / session.sigma), role))
    return parts


def _counts(scene: Scene, session: SessionSummary) -> list[tuple[str, str]]:
    """Verdicts, the limit and the pace; while the journal is read only how much of it is."""
    if scene.snapshot.events_read is not None:
        return _reading(scene.snapshot)
    counts, now = session.counts, scene.now
    parts = [("! repository changed", "bad")] if session.touches else []
    parts += [(f"✓ {count(session.kept)} kept", "good"), (f"· {count(counts['discard'])} discarded", "dim")]
    if counts["crash"]:
        parts.append((f"✗ {count(counts['crash'])} crashed", "bad"))
    if counts["invalid"]:
        parts.append((f"! {count(counts['invalid'])} invalid", "warn"))
    if session.refusals:
        parts.append((f"{count(session.refusals)} refused", "dim"))
    if (limit := session.limit("experiments")) is not None:
        parts.append((f"{count(session.decided)} of {limit:,.0f}", ""))
    if (pace := session.keeps_per_hour(now)) is not None:
        parts.append((f"{pace:.2g} keeps/h", ""))
    if (end := session.estimated_end(now)) is not None and scene.snapshot.is_loop_running is not False:
        parts.append((f"ends about {scene.clock(end)}", ""))
    return parts


def _reading(snapshot: Snapshot) -> list[tuple[str, str]]:
    share = (snapshot.events_read or 0) / max(1, snapshot.head)
    return [(f"reading the journal, {share:.0%}; counts and cost follow", "warn")]


def _spent(scene: Scene, session: SessionSummary) -> list[tuple[str, str]]:
    """Dollars against the cap, the time that the session was open, and the time of day while that is kept up to date."""
    parts = _times(scene, session)
    if scene.snapshot.events_read is not None:
        return parts
    cap = session.limit("max_cost")
    limit = f" of {dollars(cap)}" if cap is not None and session.dollars else ""
    return [(f"{dollars(session.dollars)}{limit}", "dim"), *parts]


def _times(scene: Scene, session: SessionSummary) -> list[tuple[str, str]]:
    """Times that run while an experiment is in flight; else nothing moves, and the time of the last change is shown."""
    if scene.is_ticking:
        return [(duration(session.elapsed(scene.now)), "dim"), (scene.clock(scene.now), "")]
    last = scene.snapshot.recorded_at
    if not last:
        return []
    return [
        (duration(session.elapsed(datetime.fromisoformat(last))), "dim"),
        (f"last event {scene.clock(last)}", "dim"),
    ]


def _total_width(parts: Parts) -> int:
    return sum(cell_len(text) + 2 for text, _ in parts)


def _put_left(frame: Frame, y: int, stop: int, parts: Iterable[tuple[str, str]]) -> None:
    """Write whole parts up to the column `stop`."""
    x = 0
    for text, role in parts:
        shown = clip(text, stop) if x == 0 else text
        if x + cell_len(frame.plain(shown)) > stop:
            return
        x = frame.put(x, y, shown, role) + 2


def _put_right(frame: Frame, y: int, start: int, parts: Sequence[tuple[str, str]]) -> int:
    """Write as many of the last parts as fit between the column `start` and the right edge. Returns their first column."""
    while len(parts) > 1 and start + _total_width(parts) - 2 > frame.width:
        parts = parts[1:]
    x = frame.width
    for text, role in reversed(parts):
        x = frame.put_right(x, y, clip(text, x - start), role) - 2
    return x + 2
