"""Commands that keep the journal sound: verify, rebuild, backup."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from journal.cli.app import JournalOption, JsonOption, TargetArgument, app, open_writer, reader
from journal.cli.output import narrate, print_json
from journal.console.locate import locate
from journal.errors import JournalError
from journal.store import Reader
from journal.verify.checks import verify as check
from journal.verify.findings import Report
from journal.verify.git_files import enclosing

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
    writer = open_writer(reader(journal).path)
    writer.rebuild()
    position, _ = writer.head()
    writer.close()
    narrate(f"{writer.path}: the tables are made again from {position} events.")


@app.command(epilog="Example: ar-journal backup ~/night.db")
def backup(target: TargetArgument, *, journal: JournalOption = None) -> None:
    """Copy the journal while the loop writes; the copy is a journal."""
    with_events = reader(journal)
    with_events.backup(target)
    position, digest = Reader(target).head()
    narrate(f"{target} holds {position} events, head {digest[:12]}.")


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
    except (OSError, UnicodeError) as error:
        raise JournalError(f"{source} cannot be read: {error}.") from error
