"""What frames every screen: two header lines, the footer, banners. Nothing here wraps; what does not fit is left out. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.cells import cell_len

from tui.model.session_summary import Summary
from tui.model.snapshot import Flying, Snapshot
from tui.state.keys import SCREENS, Key, available
from tui.state.ui import Scene
from tui.terminal.formatting import clip, clock, count, dollars, duration, number, sanitize
from tui.terminal.frame import Frame

HEADER = 2  # lines
LEGIBLE = 12  # cells of a reason that are worth showing


def paint_header(frame: Frame, scene: Scene) -> None:
    """Line one: what is optimised and how far. Line two: what it took."""
    session = scene.snapshot.view.session
    if session is None:
        frame.put(0, 0, "No session in this journal yet: start one with `ar-loop run`.", "title")
        return
    words, role = loop_state(scene.snapshot, session, now=scene.now)
    head = words.partition(": ")[0]  # the reason after it is told in full on Live
    standing = _standing(session, frame.width - cell_len(head))
    room = frame.width - sum(cell_len(text) + 2 for text, _ in standing)
    shown = words if room >= cell_len(head) + LEGIBLE else head
    right = frame.put_right(frame.width, 0, clip(shown, max(room, min(frame.width // 2, cell_len(head)))), role)
    _fit(frame, 0, right - 2, standing)
    right = frame.put_right(frame.width, 1, _spent(session, scene.now), "dim")
    _fit(frame, 1, right - 2, _tally(session) if scene.snapshot.read is None else _reading(scene.snapshot))


def _fit(frame: Frame, y: int, stop: int, parts: Iterable[tuple[str, str]]) -> None:
    """Write whole parts while there is room."""
    x = 0
    for text, role in parts:
        shown = clip(text, stop) if x == 0 else text
        if x + cell_len(shown) > stop:
            return
        x = frame.put(x, y, shown, role) + 2


def _standing(session: Summary, room: int) -> list[tuple[str, str]]:
    """What is optimised and how far; the baseline goes before σ, by which every gain is read."""
    best = number(session.best)
    if session.best_experiment is not None:
        best += f" (#{session.best_experiment})"
    parts = [
        (sanitize(session.tag), "title"),
        (f"{sanitize(session.metric)} {'↓' if session.minimize else '↑'} {best}", "strong"),
        (f"baseline {number(session.baseline)}", ""),
        (f"σ {number(session.sigma)}", ""),
    ]
    if sum(cell_len(text) + 2 for text, _ in parts) > room:
        del parts[2]
    return parts


def _tally(session: Summary) -> list[tuple[str, str]]:
    counts = session.counts
    parts = [(f"✓ {count(session.kept)} kept", "good"), (f"· {count(counts['discard'])} discarded", "dim")]
    if counts["crash"]:
        parts.append((f"✗ {count(counts['crash'])} crashed", "bad"))
    if counts["invalid"]:
        parts.append((f"! {count(counts['invalid'])} invalid", "warn"))
    if session.refusals:
        parts.append((f"{count(session.refusals)} refused", "dim"))
    return parts


def _reading(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Instead of counts that would be wrong."""
    return [(f"reading the journal, {(snapshot.read or 0) / max(1, snapshot.head):.0%}; counts follow", "warn")]


def _spent(session: Summary, now: datetime) -> str:
    return f"{dollars(session.dollars)}  {duration(session.elapsed(now))}"


def loop_state(snapshot: Snapshot, session: Summary, *, now: datetime) -> tuple[str, str]:
    """What the loop does, in words, and their role."""
    state = session.state
    if state.name == "ended":
        return f"ended: {sanitize(state.reason)}", "dim"
    if state.name == "paused":
        gone = ", no loop runs" if snapshot.loop else ""
        until = f" until {clock(state.until)} UTC" if state.until else ""
        return f"paused{until}{gone}: {sanitize(state.reason)}", "warn"
    if snapshot.loop:
        return f"✗ {snapshot.loop}", "bad"
    if snapshot.flying:
        return f"▸ {_doing(snapshot.flying)}", "accent"
    if session.rest is not None and datetime.fromisoformat(session.rest.until) > now:
        return f"waiting for {sanitize(session.rest.proposer)} until {clock(session.rest.until)} UTC", "warn"
    return "proposing", "accent"


def _doing(flying: Sequence[Flying]) -> str:
    """Of several the runs that train are counted."""
    training = [one for one in flying if one.trains]
    if len(training) > 1:
        return f"{len(training)} training"
    one = (training or flying)[0]
    return f"{'training' if training else 'judging' if one.run else 'preparing'} #{one.experiment.number}"


ALWAYS = ("help", "quit")  # these two are never pushed out of the footer


def paint_footer(frame: Frame, scene: Scene) -> None:
    """The keys of this screen, from the one table; the number of the screen at the right."""
    y = frame.height - 1
    place = f" {SCREENS.index(scene.ui.screen) + 1} {scene.ui.screen} "
    stop = frame.put_right(frame.width, y, place, "cursor") - 1
    keys = list(available(scene.ui.screen, readonly=scene.ui.look.readonly, replaying=scene.ui.replay is not None))
    for key in keys:
        if key.action in ALWAYS:
            stop -= len(key.shown) + len(key.label) + 3
    x = 0
    for key in keys:
        if key.footer and key.action not in ALWAYS and _is_of_use(key, scene):
            x = _footer_key(frame, x, y, key, stop)
    for key in keys:
        if key.action in ALWAYS:
            x = _footer_key(frame, x, y, key, frame.width)


def _is_of_use(key: Key, scene: Scene) -> bool:
    """Whether there is anything here that a key could act on."""
    view = scene.snapshot.view
    if key.control:
        return view.session is not None and view.session.state.name != "ended"
    return not key.several or len(view.in_flight) > 1


def _footer_key(frame: Frame, x: int, y: int, key: Key, stop: int) -> int:
    if x + len(key.shown) + len(key.label) + 3 > stop:
        return x
    return frame.spans(x, y, (key.shown, "key"), (f" {key.label}  ", "dim"))


def paint_notices(frame: Frame, scene: Scene) -> None:
    """Over the lines above the footer: what the last action did, and what is wrong or past."""
    for y, (words, role) in zip((frame.height - 2, frame.height - 3), notices(scene), strict=False):
        frame.clear(y)
        frame.put(0, y, clip(f" {words}", frame.width), role)


def notices(scene: Scene) -> list[tuple[str, str]]:
    """The lines to show above the footer, the nearest to it first."""
    snapshot, ui = scene.snapshot, scene.ui
    found = [(sanitize(ui.note), "banner"), (sanitize(snapshot.trouble), "banner")]
    if ui.replay is not None:
        at = f"{count(snapshot.view.position)} of {count(snapshot.head)}"
        words = f"REPLAY {clock(snapshot.recorded_at)} UTC, {at}: control off, L is live again"
        found.append((words, "banner"))
    else:
        found.append((_asked(snapshot), "warn"))
    return [(words, role) for words, role in found if words]


def _asked(snapshot: Snapshot) -> str:
    """What was asked of the loop and has no answer yet; posted is not done."""
    session = snapshot.view.session
    if session is None or not session.waiting:
        return ""
    asked = session.waiting[-1]
    more = f" and {len(session.waiting) - 1} more" if len(session.waiting) > 1 else ""
    return f"posted at {count(asked.position)}, not yet acknowledged: {sanitize(asked.words)}{more}"
