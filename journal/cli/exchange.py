"""Commands that export and import the journal: export, import, plot."""

import csv
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from journal.cli.app import JournalOption, SessionOption, app, open_reader, open_writer, read_state, session_tag
from journal.console.locate import locate
from journal.console.terminal import TextSink, print_bytes, print_note
from journal.errors import JournalError
from journal.events import session_stream
from journal.events.names import check_tag
from journal.exchange import jsonl, parquet, results_import
from journal.exchange import tables as exported
from journal.exchange.results_table import ResultTable
from journal.projections.experiments import Experiment
from journal.store import Journal, Reader, remove_journal

TABLES = (".tsv", ".csv")  # suffixes of a table of results


class ExportShape(StrEnum):
    """What an export holds."""

    EVENTS = "events"
    RESULTS = "results"
    ITERATIONS = "iterations"


class MetricDirection(StrEnum):
    """Which values of a metric are better."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


class ViewFormat(StrEnum):
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
            "--as",
            help="events: all of the journal as JSON Lines; results: autoresearch's five columns; iterations: seven columns.",
        ),
    ] = ExportShape.EVENTS,
    view: Annotated[
        str | None, typer.Option("--view", help="Export this table of docs/sql.md instead.", show_default=False)
    ] = None,
    view_format: Annotated[ViewFormat, typer.Option("--format", help="Format of a view.")] = ViewFormat.CSV,
    session: Annotated[
        str | None,
        typer.Option(
            "--session",
            help="Export one session (default: all sessions of a view, the latest session for results).",
            show_default=False,
        ),
    ] = None,
    journal: JournalOption = None,
) -> None:
    """Write the journal to stdout in another format."""
    reader = open_reader(journal)
    if view is not None:
        rows = exported.view_rows(reader, view, session=session)
        _write_view(rows, view_format, kinds=exported.VIEWS.get(view, {}))
        return
    if view_format is ViewFormat.PARQUET:
        raise JournalError("Parquet holds a table: name one with --view.")
    if shape is ExportShape.EVENTS:
        for line in jsonl.export_lines(reader):
            print_bytes(line + b"\n")
        return
    to_rows = exported.results_rows if shape is ExportShape.RESULTS else exported.iterations_rows
    writer = csv.writer(TextSink(), delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerows(to_rows(_experiments(reader, session)))


@app.command("import", epilog="Example: ar-journal import journal.jsonl --journal copy.db")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            help="A file of `export` (.jsonl), or a table of results (.tsv, .csv).", exists=True, dir_okay=False
        ),
    ],
    *,
    session: Annotated[str, typer.Option("--session", help="Tag of the new session, for a table.")] = "imported",
    metric: Annotated[
        str | None,
        typer.Option("--metric", help="Column of the metric in a table (default: the likely one).", show_default=False),
    ] = None,
    direction: Annotated[
        MetricDirection | None,
        typer.Option(
            "--direction", help="Direction of a table's metric (default: the likely one).", show_default=False
        ),
    ] = None,
    journal: JournalOption = None,
) -> None:
    """Create a journal from an export, with the same head hash, or add a session from a table of results."""
    path = locate(journal)
    table = _read_table(source, metric=metric, direction=direction) if source.suffix.lower() in TABLES else None
    check_tag(session)
    is_new = not path.exists()
    writer = open_writer(path)
    try:
        if table is not None:
            _import_results(writer, *table, session=session, source=source.name)
        else:
            _import_events(writer, source)
        position, digest = writer.head()
    except BaseException:
        if is_new:
            remove_journal(path)
        raise
    finally:
        writer.close()
    print_note(f"{writer.path} has {position} events, head {digest[:12]}.")


@app.command(epilog="Example: ar-journal plot session.svg")
def plot(
    target: Annotated[
        Path,
        typer.Argument(
            help="File to write: .png, .svg, .pdf, or another format of matplotlib (.jpg, .webp, .eps).",
            show_default=False,
        ),
    ],
    *,
    session: SessionOption = None,
    journal: JournalOption = None,
) -> None:
    """Plot a session: kept, discarded and crashed experiments, the best so far, and the noise."""
    from journal.reports.plot import plot as draw  # noqa: PLC0415 - only this command needs it

    state = read_state(open_reader(journal))
    tag = session_tag(state, session)
    draw(state, session=tag, target=target)
    print_note(f"{target} shows session {tag}.")


def _write_view(rows: Iterator[tuple[Any, ...]], view_format: ViewFormat, *, kinds: Mapping[str, str]) -> None:
    if view_format is ViewFormat.PARQUET:
        if sys.stdout.isatty():
            raise JournalError("Parquet is binary and cannot go to a terminal: add `> FILE`.")
        parquet.write(rows, sys.stdout.buffer, kinds=kinds)
        return
    if view_format is not ViewFormat.JSON:
        dialect = "excel" if view_format is ViewFormat.CSV else "excel-tab"
        csv.writer(TextSink(), dialect=dialect, lineterminator="\n").writerows(rows)
        return
    columns = next(rows)
    separator = b"[\n"
    for row in rows:
        print_bytes(separator + msgspec.json.encode(dict(zip(columns, row, strict=True))))
        separator = b",\n"
    print_bytes(b"\n]\n" if separator == b",\n" else b"[]\n")


def _import_events(writer: Journal, source: Path) -> None:
    with source.open("rb") as file:
        writer.restore(jsonl.checked(jsonl.event_rows(jsonl.read_lines(file))))
    with source.open("rb") as file:
        writer.add_samples(jsonl.samples(jsonl.read_lines(file)))


def _read_table(source: Path, *, metric: str | None, direction: MetricDirection | None) -> tuple[str, ResultTable]:
    """The text and content of a table of results; prints what was assumed or skipped."""
    text = results_import.read(source)
    table = results_import.parse(text, metric=metric, direction=direction.value if direction else None)
    for note in table.notes:
        print_note(f"Note: {note}")
    return text, table


def _import_results(writer: Journal, text: str, table: ResultTable, *, session: str, source: str) -> None:
    if writer.stream(session_stream(session)):
        raise JournalError(f"{writer.path} has a session {session} already: name another with --session.")
    for stream, events in results_import.events(table, session=session, source=source, text=text):
        writer.append(stream, events)


def _experiments(reader: Reader, session: str | None) -> list[Experiment]:
    state = read_state(reader)
    return sorted(state.experiments.of_session(session_tag(state, session)), key=lambda row: row.number)
