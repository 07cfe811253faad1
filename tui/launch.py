"""Opens the screen: where the real parts are chosen."""

import os
from pathlib import Path

from msgspec.structs import replace

from journal.store import Reader
from tui import settings
from tui.screen import ArTui, Outside
from tui.ui import Look, Ui

NICENESS = 5  # training comes first


def run(path: Path, *, look: Look, replay: int | None = None, mouse: bool = False) -> int:
    """Open the screen. Raises JournalError before the terminal is touched."""
    reader = Reader(path)
    head = reader.head()[0]
    reader.close()
    ui = Ui(look=look, replay=None if replay is None else max(1, min(replay, head)))
    if replay is not None:
        ui = replace(ui, screen="replay")
    os.nice(NICENESS)
    app = ArTui(path, ui=ui, outside=Outside(settings=settings.place()))
    app.feed.start()
    return app.run(mouse=mouse) or 0
