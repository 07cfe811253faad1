"""Commands that carry the journal elsewhere, and back: export, import, plot."""

import csv
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from journal.cli.app import JournalOption, SessionOption, app, latest_tag, open_writer, reader, state_of
from journal.cli.output import narrate
from journal.console.locate import locate
from journal.errors import JournalError
from journal.events import session_stream
from journal.exchange import jsonl, parquet, results_import
from journal.exchange import tables as exported
from journal.projections.experiments import Experiment
from journal.store import Journal, Reader, discard


class ExportShape(StrEnum):
    """What an export holds."""

    EVENTS = "events"
    RESULTS = "results"
    ITERATIONS = "iterations"


class Layout(StrEnum):
    """How a view is written."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    PARQUET = "parquet"


@app.command(
    epilog="Examples: ar-journal export --as results > results.tsv; ar-journal export --view runs --format parquet > r.parquet"
)
def export(
    *,
    shape: Annotated[
        ExportShape,
        typer.Option(
            "--as", help="events: JSON Lines, complete; results: autoresearch's five columns; iterations: seven."
        ),
    ] = ExportShape.EVENTS,
    view: Annotated[
        str | None, typer.Option("--view", help="Instead: a table of docs/sql.md, whole.", show_default=False)
    ] = None,
    form: Annotated[Layout, typer.Option("--format", help="How a view is written.")] = Layout.CSV,
    session: Annotated[
        str | None,
        typer.Option(
            "--session",
            help="Only this one, of a view (all by default) or of results (the latest).",
            show_default=False,
        ),
    ] = None,
    journal: JournalOption = None,
) -> None:
    """Write the journal to stdout in another form."""
    with_events = reader(journal)
    if view is not None:
        _write_view(exported.view(with_events, view, session=session), form, kinds=exported.VIEWS.get(view, {}))
        return
    if form is Layout.PARQUET:
        raise JournalError("Parquet holds a table: name one with --view.")
    if shape is ExportShape.EVENTS:
        for line in jsonl.lines(with_events):
            sys.stdout.buffer.write(line + b"\n")
        return
    columns = exported.five_columns if shape is ExportShape.RESULTS else exported.seven_columns
    writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerows(columns(_experiments(with_events, session)))


@app.command("import", epilog="Example: ar-journal import night.jsonl --journal copy.db")
def import_(
    source: Annotated[
        Path, typer.Argument(help="An export of events (.jsonl), or a results.tsv.", exists=True, dir_okay=False)
    ],
    *,
    session: Annotated[
        str, typer.Option("--session", help="Tag of the session that a results.tsv becomes.")
    ] = "imported",
    journal: JournalOption = None,
) -> None:
    """Fill a new journal from an export, to the same head hash, or from a table of results."""
    path = locate(journal)
    new = not path.exists()
    writer = open_writer(path)
    try:
        if source.suffix == ".tsv":
            _import_results(writer, source, session=session)
        else:
            _import_events(writer, source)
        position, digest = writer.head()
    except BaseException:
        if new:
            discard(path)
        raise
    finally:
        writer.close()
    narrate(f"{writer.path} holds {position} events, head {digest[:12]}.")


@app.command(epilog="Example: ar-journal plot night.svg")
def plot(
    target: Annotated[
        Path,
        typer.Argument(
            help="A file: .png, .svg, .pdf, or what else matplotlib writes (.jpg, .webp, .eps).", show_default=False
        ),
    ],
    *,
    session: SessionOption = None,
    journal: JournalOption = None,
) -> None:
    """Draw the night: kept, discarded, crashed, the running best and the noise."""
    from journal.reports.plot import plot as draw  # noqa: PLC0415 - what only this command needs

    state = state_of(reader(journal))
    tag = latest_tag(state, session)
    draw(state, session=tag, target=target)
    narrate(f"{target} shows session {tag}.")


def _write_view(rows: Iterator[tuple[Any, ...]], form: Layout, *, kinds: Mapping[str, str]) -> None:
    if form is Layout.PARQUET:
        if sys.stdout.isatty():
            raise JournalError("Parquet is nothing to read on a screen: add `> FILE`.")
        parquet.write(rows, sys.stdout.buffer, kinds=kinds)
        return
    if form is not Layout.JSON:
        dialect = "excel" if form is Layout.CSV else "excel-tab"
        csv.writer(sys.stdout, dialect=dialect, lineterminator="\n").writerows(rows)
        return
    columns = next(rows)
    before = b"[\n"
    for row in rows:
        sys.stdout.buffer.write(before + msgspec.json.encode(dict(zip(columns, row, strict=True))))
        before = b",\n"
    sys.stdout.buffer.write(b"\n]\n" if before == b",\n" else b"[]\n")


def _import_events(writer: Journal, source: Path) -> None:
    with source.open("rb") as lines:
        writer.restore(jsonl.rows(lines))
    with source.open("rb") as lines:
        writer.add_samples(jsonl.samples(lines))


def _import_results(writer: Journal, source: Path, *, session: str) -> None:
    text = results_import.read(source)
    parsed = results_import.parse(text)
    if writer.stream(session_stream(session)):
        raise JournalError(f"{writer.path} has a session {session} already: name another with --session.")
    for stream, events in results_import.events(parsed, session=session, source=source.name, text=text):
        writer.append(stream, events)


def _experiments(journal: Reader, session: str | None) -> list[Experiment]:
    state = state_of(journal)
    tag = latest_tag(state, session)
    return [row for (of, _), row in sorted(state.experiments.rows.items()) if of == tag]
