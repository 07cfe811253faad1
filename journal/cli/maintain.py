"""Commands that maintain the journal: verify, rebuild, backup."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from journal.cli.app import JournalOption, JsonOption, app, open_reader, open_writer
from journal.cli.output import print_json
from journal.console.entry import NEGATIVE
from journal.console.locate import locate
from journal.console.terminal import print_note, print_text
from journal.errors import JournalError
from journal.reports.narration import pluralize
from journal.store import Reader
from journal.verify.checks import verify as check
from journal.verify.findings import Report
from journal.verify.git_files import FORMAT, read_repository

_GIT_LOG = f"git log --all --notes='autoresearch/*' --format='{FORMAT}'"


@app.command(epilog=f"Example: {_GIT_LOG} | ar-journal verify --anchors -")
def verify(
    *,
    anchors: Annotated[
        Path | None,
        typer.Option(
            "--anchors", help="File with the output of the git command below; - is stdin.", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Check that the journal is as it was written, and that it agrees with git; exit code 1 if it is not."""
    path = locate(journal)
    report = check(Reader(path, any_layout=True), repository=read_repository(path, git_log=_lines(anchors)))
    if json:
        print_json(
            {"head": report.head, "first_bad": report.first_bad, "findings": report.findings, "notes": report.notes}
        )
    else:
        _print_report(report)
    if report.findings:
        raise typer.Exit(NEGATIVE)


@app.command(epilog="Example: ar-journal rebuild")
def rebuild(*, journal: JournalOption = None) -> None:
    """Build the tables of docs/sql.md again from the events, while no loop runs."""
    writer = open_writer(open_reader(journal).path)
    writer.rebuild()
    position, _ = writer.head()
    writer.close()
    print_note(f"{writer.path}: the tables are rebuilt from {position} events.")


@app.command(epilog="Example: ar-journal backup ~/journal-copy.db")
def backup(
    target: Annotated[Path, typer.Argument(help="File to write; it must not exist.", show_default=False)],
    *,
    journal: JournalOption = None,
) -> None:
    """Copy the journal, also while a loop writes to it."""
    open_reader(journal).backup(target)
    position, digest = Reader(target).head()
    print_note(f"{target} has {position} events, head {digest[:12]}.")


def _print_report(report: Report) -> None:
    for finding in report.findings:
        position = f"position {finding.position}: " if finding.position is not None else ""
        print_text(f"{position}{finding.what}")
    head, digest = report.head
    anchored = f", {report.anchors} anchored in git" if report.anchors else ""
    verdict = (
        "is as it was written"
        if not report.findings
        else f"is NOT as it was written; the first fault is at position {report.first_bad or '–'}"
    )
    print_text(
        f"The journal {verdict}: {head} events, {pluralize(report.kept, 'kept experiment')}{anchored}, head {digest}."
    )
    for note in report.notes:
        print_note(f"GitNote: {note}")


def _lines(source: Path | None) -> list[str]:
    if source is None:
        return []
    try:
        text = sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8", errors="replace")
        return text.splitlines()
    except OSError as error:
        raise JournalError(f"{source} cannot be read: {error}.") from error
