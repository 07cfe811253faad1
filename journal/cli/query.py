"""Commands that query the journal: sql, failures, similar, cost."""

import sys
from collections import defaultdict
from dataclasses import astuple, fields
from pathlib import Path
from typing import Annotated

import typer

from journal.cli.app import JournalOption, JsonOption, StudyOption, app, open_reader, read_state, session_tag
from journal.cli.output import OutputFormat, print_json, print_result
from journal.console.entry import NEGATIVE
from journal.console.locate import locate
from journal.console.terminal import print_note, print_text
from journal.errors import QueryRefused
from journal.query import full_text
from journal.query.saved import COST, SAVED, resolve
from journal.query.sql import ROWS, SECONDS, QueryResult, run_query
from journal.reports.calibration import Calibration, calibrate


@app.command(epilog='Example: ar-journal sql "SELECT number, status, metric FROM experiments" --json')
def sql(
    query: Annotated[
        str | None,
        typer.Argument(
            help="One SELECT, @NAME of a saved query, or - for stdin (default: an interactive prompt).",
            show_default=False,
        ),
    ] = None,
    values: Annotated[
        list[str] | None, typer.Argument(help="The values of a saved query, in order.", show_default=False)
    ] = None,
    *,
    saved: Annotated[bool, typer.Option("--saved", help="List the saved queries.")] = False,
    output_format: Annotated[OutputFormat, typer.Option("--format", help="Format of the result.")] = OutputFormat.TABLE,
    json: JsonOption = False,
    study: StudyOption = False,
    rows: Annotated[int, typer.Option("--rows", help="Maximum number of rows.", min=1)] = ROWS,
    seconds: Annotated[float, typer.Option("--seconds", help="Maximum time in seconds.", min=0.01)] = SECONDS,
    journal: JournalOption = None,
) -> None:
    """Run a read-only SQL query. The tables are listed in docs/sql.md."""
    output_format = OutputFormat.JSON if json else output_format
    if saved:
        catalogue = _catalogue()
        widest = max(len(str(value)) for row in catalogue.rows for value in row)
        print_result(catalogue, output_format=output_format, max_width=widest)
        return
    if study and query is None:
        raise QueryRefused("--study needs a query: name one SELECT or @NAME.")
    path = locate(journal)
    if query is None and sys.stdin.isatty():
        from journal.cli.sql_prompt import run_prompt  # noqa: PLC0415 - readline takes over the terminal

        run_prompt(path, output_format=output_format)
        return
    text, parameters = resolve(sys.stdin.read() if query in {None, "-"} else query or "", values or [])
    sessions = _study_sessions(journal) if study else None
    result = run_query(path, text, parameters, rows=rows, seconds=seconds, sessions=sessions)
    print_result(result, output_format=output_format)


@app.command(epilog="Example: ar-journal failures out of memory")
def failures(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Words in traces, errors, ideas or diffs (default: list failures by error).",
            show_default=False,
        ),
    ] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", help="Maximum number of rows.", min=1)] = full_text.LIMIT,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Find failed runs and unsuccessful ideas by words, or list failures by error."""
    _print_found(full_text.search_failures(locate(journal), " ".join(words or []), limit=limit), json=json)


@app.command(epilog="Examples: ar-journal similar halve the batch size; ar-journal similar --change 12")
def similar(
    words: Annotated[list[str] | None, typer.Argument(help="An idea in words, or a diff.", show_default=False)] = None,
    *,
    change: Annotated[
        int | None, typer.Option("--change", help="Compare with this experiment of the latest session instead.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="Maximum number of rows.", min=1)] = full_text.LIMIT,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Find experiments like an idea, by its words or by what its change does."""
    if change is not None:
        state = read_state(open_reader(journal))
        _print_found(full_text.similar_experiments(locate(journal), state, change, limit=limit), json=json)
        return
    if not words:
        raise QueryRefused("There is nothing to compare with: name an idea in words, or an experiment with --change.")
    _print_found(full_text.search_ideas(locate(journal), " ".join(words), limit=limit), json=json)


@app.command(epilog="Example: ar-journal cost --json")
def cost(*, json: JsonOption = False, journal: JournalOption = None) -> None:
    """Print tokens, dollars and hours by session, proposer and model, and how accurate predictions were."""
    costs = run_query(locate(journal), COST)
    calibrations = calibrate(read_state(open_reader(journal)).experiments.rows.values())
    if json:
        groups: defaultdict[tuple[object, object], list[Calibration]] = defaultdict(list)
        for entry in calibrations:
            groups[entry.session, entry.proposer].append(entry)
        rows = [dict(zip(costs.columns, row, strict=True)) for row in costs.rows]
        print_json([row | {"calibration": groups[row["session"], row["proposer"]]} for row in rows])
        return
    print_result(costs, output_format=OutputFormat.TABLE)
    if calibrations:
        print_text("\nMean deltas, predicted and measured")
        columns = tuple(field.name for field in fields(Calibration))
        table = QueryResult(columns=columns, rows=[astuple(entry) for entry in calibrations])
        print_result(table, output_format=OutputFormat.TABLE)


def _study_sessions(journal: Path | None) -> tuple[str, ...]:
    """The sessions of the latest session's study."""
    state = read_state(open_reader(journal))
    return state.studies.sessions(session_tag(state, None))


def _print_found(result: QueryResult, *, json: bool) -> None:
    """Print a result; a person gets exit code 1 if nothing is found, a program gets an empty list and 0."""
    print_result(result, output_format=OutputFormat.JSON if json else OutputFormat.TABLE)
    if not result.rows and not json:
        print_note("Nothing found.")
        raise typer.Exit(NEGATIVE)


def _catalogue() -> QueryResult:
    rows = [(f"@{saved.name} {' '.join(saved.parameters)}".strip(), saved.question) for saved in SAVED.values()]
    return QueryResult(columns=("query", "question"), rows=list(rows))
