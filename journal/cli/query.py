"""Commands that ask: sql, failures, similar."""

import sys
from dataclasses import astuple, fields
from typing import Annotated

import typer

from journal.cli.app import JournalOption, JsonOption, app, reader, state_of
from journal.cli.output import Form, narrate, print_answer, print_json
from journal.console.locate import locate
from journal.errors import QueryRefused
from journal.query import full_text
from journal.query.saved import COST, SAVED, resolve
from journal.query.sql import ROWS, SECONDS, QueryResult, ask
from journal.reports.calibration import Calibration, calibrate

FormOption = Annotated[Form, typer.Option("--format", help="How to print the answer.")]


@app.command(epilog='Example: ar-journal sql "SELECT number, status, metric FROM experiments" --json')
def sql(
    query: Annotated[
        str | None,
        typer.Argument(
            help="One SELECT, @NAME of a saved query, or - for stdin; none opens a prompt.", show_default=False
        ),
    ] = None,
    values: Annotated[
        list[str] | None, typer.Argument(help="What a saved query asks for, in order.", show_default=False)
    ] = None,
    *,
    saved: Annotated[bool, typer.Option("--saved", help="List the saved queries.")] = False,
    form: FormOption = Form.TABLE,
    json: JsonOption = False,
    rows: Annotated[int, typer.Option("--rows", help="At most this many rows.", min=1)] = ROWS,
    seconds: Annotated[float, typer.Option("--seconds", help="At most this long.", min=0.01)] = SECONDS,
    journal: JournalOption = None,
) -> None:
    """Ask the journal in SQL, read-only. Tables: docs/sql.md."""
    chosen = Form.JSON if json else form
    if saved:
        catalogue = _catalogue()
        print_answer(catalogue, form=chosen, widest=max(len(str(value)) for row in catalogue.rows for value in row))
        return
    path = locate(journal)
    if query is None and sys.stdin.isatty():
        from journal.cli.sql_prompt import converse  # noqa: PLC0415 - readline takes over the terminal

        converse(path, form=chosen)
        return
    text, parameters = resolve(sys.stdin.read() if query in {None, "-"} else query or "", values or [])
    print_answer(ask(path, text, parameters, rows=rows, seconds=seconds), form=chosen)


@app.command(epilog="Example: ar-journal failures out of memory")
def failures(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words that the trace, error or idea holds.", show_default=False)
    ] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1)] = full_text.LIMIT,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Find what failed: by cluster, or by words in traces, errors, ideas and diffs."""
    _found(full_text.failures(locate(journal), " ".join(words or []), limit=limit), json=json)


@app.command(epilog="Examples: ar-journal similar halve the batch size; ar-journal similar --change 12")
def similar(
    words: Annotated[
        list[str] | None, typer.Argument(help="An idea, in words or as a diff.", show_default=False)
    ] = None,
    *,
    change: Annotated[
        int | None, typer.Option("--change", help="Instead of words: what this experiment of the latest session does.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1)] = full_text.LIMIT,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Find past experiments like an idea: by its words, or by what a change does."""
    if change is not None:
        state = state_of(reader(journal))
        _found(full_text.like(locate(journal), state, change, limit=limit), json=json)
        return
    if not words:
        raise QueryRefused("Like what? Name an idea in words, or an experiment with --change.")
    _found(full_text.similar(locate(journal), " ".join(words or []), limit=limit), json=json)


@app.command(epilog="Example: ar-journal cost --json")
def cost(*, json: JsonOption = False, journal: JournalOption = None) -> None:
    """Say what the nights cost: tokens, dollars and hours, by session, proposer and model; and how honest predictions were."""
    answer = ask(locate(journal), COST)
    found = calibrate(state_of(reader(journal)).experiments.rows.values())
    if json:
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        print_json([row | {"calibration": _of(found, row["session"], row["proposer"])} for row in rows])
        return
    print_answer(answer, form=Form.TABLE)
    if found:
        typer.echo("\nWhat was predicted, and what was measured: mean deltas")
        columns = tuple(field.name for field in fields(Calibration))
        print_answer(QueryResult(columns=columns, rows=[astuple(row) for row in found]), form=Form.TABLE)


def _of(found: list[Calibration], session: object, proposer: object) -> list[Calibration]:
    """What is known of one proposer's predictions, by kind of change."""
    return [entry for entry in found if (entry.session, entry.proposer) == (session, proposer)]


def _found(answer: QueryResult, *, json: bool) -> None:
    print_answer(answer, form=Form.JSON if json else Form.TABLE)
    if not answer.rows:
        narrate("Nothing found.")
        raise typer.Exit(1)


def _catalogue() -> QueryResult:
    rows = [(f"@{saved.name} {' '.join(saved.parameters)}".strip(), saved.question) for saved in SAVED.values()]
    return QueryResult(columns=("query", "question"), rows=list(rows))
