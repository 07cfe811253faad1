"""Commands that check the journal and carry it away: verify, rebuild, backup, export, import, plot."""

import csv
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from journal import export as exported
from journal import results
from journal.cli.app import JournalOption, JsonOption, SessionOption, app, latest_tag, reader, state_of
from journal.cli.output import narrate, print_json
from journal.errors import JournalError
from journal.locate import locate
from journal.projections.experiments import Experiment
from journal.recorded import Sample
from journal.report import Report
from journal.repository import enclosing
from journal.store import Journal, Reader, discard
from journal.verify import verify as check

TargetArgument = Annotated[Path, typer.Argument(help="The file to write.", show_default=False)]


class Shape(StrEnum):
    """What an export holds."""

    EVENTS = "events"
    RESULTS = "results"
    ITERATIONS = "iterations"


_GIT_SAYS = (
    "git log --all --notes='autoresearch/*' --format='%H %(trailers:key=AR-Anchor,valueonly,separator=%x20)%n%N'"
)


@app.command(epilog=f"Example: {_GIT_SAYS} | ar-journal verify --anchors -")
def verify(
    *,
    anchors: Annotated[
        Path | None,
        typer.Option(
            "--anchors", help="Lines of commit and anchor, as git prints them; - for stdin.", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Check chain, versions, guards, projections, and the kept commits in git; exit 1 if anything is not as written."""
    path = locate(journal)
    with_events = Reader(path)
    report = check(with_events, repository=enclosing(path, spoken=_lines(anchors)))
    if json:
        print_json(
            {"head": report.head, "first_bad": report.first_bad, "findings": report.findings, "notes": report.notes}
        )
    else:
        _tell(report)
    if report.findings:
        raise typer.Exit(1)


@app.command(epilog="Example: ar-journal rebuild")
def rebuild(*, journal: JournalOption = None) -> None:
    """Drop the projections' tables and make them again from the events; no loop may be running."""
    writer = _writer(reader(journal).path)
    writer.rebuild()
    writer.close()


@app.command(epilog="Example: ar-journal backup ~/night.db")
def backup(target: TargetArgument, *, journal: JournalOption = None) -> None:
    """Copy the journal while the loop writes; the copy is a journal."""
    with_events = reader(journal)
    with_events.backup(target)
    position, digest = Reader(target).head()
    narrate(f"{target} holds {position} events, head {digest[:12]}.")


@app.command(epilog="Example: ar-journal export --as results > results.tsv")
def export(
    *,
    shape: Annotated[
        Shape,
        typer.Option(
            "--as", help="events: JSON Lines, complete; results: autoresearch's five columns; iterations: seven."
        ),
    ] = Shape.EVENTS,
    session: SessionOption = None,
    journal: JournalOption = None,
) -> None:
    """Write the journal to stdout in another form."""
    with_events = reader(journal)
    if shape is Shape.EVENTS:
        for line in exported.lines(with_events):
            sys.stdout.buffer.write(line + b"\n")
        return
    columns = exported.five_columns if shape is Shape.RESULTS else exported.seven_columns
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
    writer = _writer(path)
    try:
        if source.suffix == ".tsv":
            _import_results(writer, source, session=session)
        else:
            _import_events(writer, source)
        position, digest = writer.head()
    except JournalError:
        if new:
            discard(path)
        raise
    finally:
        writer.close()
    narrate(f"{writer.path} holds {position} events, head {digest[:12]}.")


@app.command(epilog="Example: ar-journal plot night.svg")
def plot(target: TargetArgument, *, session: SessionOption = None, journal: JournalOption = None) -> None:
    """Draw the night: kept, discarded, crashed, the running best and the noise. PNG, SVG or PDF by the suffix."""
    from journal.plot import plot as draw  # noqa: PLC0415 - what only this command needs

    state = state_of(reader(journal))
    draw(state, session=latest_tag(state, session), target=target)


def _tell(report: Report) -> None:
    for finding in report.findings:
        where = f"position {finding.position}: " if finding.position is not None else ""
        typer.echo(f"{where}{finding.what}")
    position, digest = report.head
    anchored = f", {report.anchors} anchored in git" if report.anchors else ""
    verdict = (
        "is as it was written"
        if not report.findings
        else f"is NOT as it was written; first bad position {report.first_bad or '–'}"
    )
    typer.echo(f"The journal {verdict}: {position} events, {report.kept} kept experiments{anchored}, head {digest}.")
    for note in report.notes:
        narrate(f"Note: {note}")


def _lines(source: Path | None) -> list[str]:
    if source is None:
        return []
    try:
        return (sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")).splitlines()
    except OSError as error:
        raise JournalError(f"{source} cannot be read: {error}.") from error


def _writer(path: Path) -> Journal:
    journal = Journal(path)
    try:
        journal.acquire()
    except JournalError:
        journal.close()
        raise
    return journal


def _import_events(writer: Journal, source: Path) -> None:
    with source.open("rb") as lines:
        writer.restore(exported.rows(lines))
    with source.open("rb") as lines:
        writer.add_samples(
            Sample(**dict(zip(Sample.__struct_fields__, row, strict=True))) for row in exported.samples(lines)
        )


def _import_results(writer: Journal, source: Path, *, session: str) -> None:
    text = source.read_text(encoding="utf-8")
    parsed = results.parse(text)
    for stream, events in results.events(parsed, session=session, source=source.name, text=text):
        writer.append(stream, events)


def _experiments(journal: Reader, session: str | None) -> list[Experiment]:
    state = state_of(journal)
    tag = latest_tag(state, session)
    return [row for (of, _), row in sorted(state.experiments.rows.items()) if of == tag]
