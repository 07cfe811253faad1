"""The tables of the journal beside the query: all by name, and the columns of those that the query names. Pure."""

import re
from collections.abc import Iterator

from journal.projections.tables import TABLES
from tui.state.ui import Scene
from tui.terminal.formatting import pad
from tui.terminal.frame import Frame
from tui.widgets.panel import panel
from tui.widgets.plot import Box
from tui.widgets.styled import paint_styled

NAME = 17  # cells of a column's name
DEFAULT = "experiments"  # whose columns are listed if the query names no table
_WORD = re.compile(r"\w+")

Line = tuple[tuple[str, str], ...]


def paint(frame: Frame, box: Box, scene: Scene) -> None:
    """The panel, from its first line on."""
    inner = panel(frame, box, "tables")
    for y, line in enumerate(list(schema_lines(scene))[: inner.height], start=inner.y):
        paint_styled(frame, inner.x, y, line, width=inner.width)


def schema_lines(scene: Scene) -> Iterator[Line]:
    """The tables; below those of the query their columns, with what they hold."""
    line = scene.ui.input_line
    query = line.text if line is not None and line.kind == "sql" else scene.ui.sql.query
    words = {word.lower() for word in _WORD.findall(query)}
    named = {table.name for table in TABLES} & words or {DEFAULT}
    for table in sorted(TABLES, key=lambda table: table.name not in named):
        yield (table.name, "accent" if table.name in named else "strong"), (f"  {table.description}", "dim")
        if table.name in named:
            for column in table.columns:
                yield (f"  {pad(column.name, NAME)} ", ""), (column.description, "dim")
    yield ("events", "strong"), ("  Every event as it was recorded.", "dim")
    yield ("samples", "strong"), ("  The telemetry of each run.", "dim")
    yield ("machine_samples", "strong"), ("  The machine, once a second while runs train.", "dim")
