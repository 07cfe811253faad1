"""Without a screen: the status as lines, each event as a line, one screen as a picture."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from journal.errors import JournalError
from journal.store import Reader
from journal.store.tail import Tail
from journal.store.tail import follow as tail_events
from tui.feed.archive import Archive
from tui.feed.feed import look_once
from tui.feed.scene import SceneBuilder, moment, told_at
from tui.model.snapshot import Snapshot
from tui.screens.paint import paint
from tui.state.ui import Look, Ui
from tui.widgets.status_lines import event_line, status_lines


def print_status(path: Path, *, position: int | None = None) -> int:
    """The status, on stdout."""
    _print(look_once(path, position=position), then=position is not None)
    return 0


def _print(snapshot: Snapshot, *, then: bool) -> None:
    now = (moment(snapshot) if then else None) or told_at(snapshot, now=datetime.now(UTC))
    print("\n".join(status_lines(snapshot, now=now)), flush=True)


def follow(path: Path) -> int:
    """The status, then a line for each thing that happens, until interrupted."""
    with Tail(path) as tail:
        reader = Reader(path)
        try:
            snapshot = look_once(path)
            _print(snapshot, then=False)
            for recorded in tail_events(reader, after=snapshot.head, tail=tail):
                print(event_line(recorded), flush=True)
        except KeyboardInterrupt:
            return 130
        finally:
            reader.close()
    return 0


def draw(path: Path, file: Path, *, screen: str, look: Look, width: int, height: int) -> None:
    """One screen as an SVG. Raises JournalError, also if the file cannot be written."""
    from tui.widgets.picture import svg  # noqa: PLC0415 - its imports cost 40 ms that no screen needs

    snapshot = look_once(path)
    archive = Archive(path)
    try:
        stage = SceneBuilder(archive=archive, ledger=snapshot.view.ledger)
        best = snapshot.view.session.best_row if snapshot.view.session else None
        ui = Ui(screen=screen, look=look, experiment=best)
        scene = stage.scene(snapshot, ui, now=moment(snapshot) or datetime.now(UTC), height=height)
        frame = paint(scene, width=width, height=height)
    finally:
        archive.close()
    try:
        file.write_text(svg(frame, theme=look.theme), encoding="utf-8")
    except OSError as error:
        raise JournalError(f"The picture {file} cannot be written: {error.strerror}.") from error
    print(f"wrote {file}", file=sys.stderr) if sys.stderr.isatty() else None
