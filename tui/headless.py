"""Output without a screen: the status as lines, events as lines, one screen as a picture."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from journal.errors import JournalError
from journal.store import Reader
from journal.store import tail as journal_tail
from tui.feed.archive import Archive
from tui.feed.feed import read_snapshot
from tui.feed.scene import display_time, last_event_time, scene_builder
from tui.screens.paint import paint
from tui.state.ui import DisplayOptions, Ui
from tui.widgets.status_lines import event_line, status_lines


def print_status(path: Path, *, position: int | None = None) -> int:
    """Print the status, now or as of a position. Returns the exit code."""
    snapshot = read_snapshot(path, position=position)
    now = (last_event_time(snapshot) if position is not None else None) or display_time(snapshot, now=datetime.now(UTC))
    print("\n".join(status_lines(snapshot, now=now, is_replay=position is not None)), flush=True)
    return 0


def follow(path: Path) -> int:
    """Print the status, then a line per event until interrupted. Returns the exit code."""
    with journal_tail.Tail(path) as tail:
        reader = Reader(path)
        try:
            snapshot = read_snapshot(path)
            lines = status_lines(snapshot, now=display_time(snapshot, now=datetime.now(UTC)))
            print("\n".join(lines), flush=True)
            for recorded in journal_tail.follow(reader, after=snapshot.head, tail=tail):
                print(event_line(recorded), flush=True)
        except KeyboardInterrupt:
            return 130
        finally:
            reader.close()
    return 0


def draw(path: Path, file: Path, *, screen: str, display: DisplayOptions, width: int, height: int) -> None:
    """Write one screen as an SVG. Raises JournalError, also if the file cannot be written."""
    from tui.widgets.picture import svg  # noqa: PLC0415 - its imports take 40 ms that no other screen needs

    snapshot = read_snapshot(path)
    archive = Archive(path)
    try:
        builder = scene_builder(archive, snapshot.view.ledger)
        best = snapshot.view.session.best_row if snapshot.view.session else None
        now = last_event_time(snapshot) or datetime.now(UTC)
        scene = builder.build(
            snapshot, Ui(screen=screen, display=display, experiment=best), now=now, size=(width, height)
        )
        frame = paint(scene, width=width, height=height)
    finally:
        archive.close()
    try:
        file.write_text(svg(frame, theme=display.theme), encoding="utf-8")
    except OSError as error:
        raise JournalError(f"The picture {file} cannot be written: {error.strerror}.") from error
    if sys.stderr.isatty():
        print(f"wrote {file}", file=sys.stderr)
