"""The command that tells the night to people who were not there: report."""

from pathlib import Path
from typing import Annotated

import typer

from journal.cli.app import JournalOption, SessionOption, app, latest_tag, reader, state_of
from journal.cli.output import narrate
from journal.console.output_file import replacing
from journal.errors import JournalError, JournalMissing
from journal.events import experiment_stream
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.experiment import portray
from journal.reports.night import PICTURE, kept, markdown

_PAGES, _TEXTS = (".html", ".htm"), (".md", ".markdown")


@app.command(epilog="Example: ar-journal report night.html")
def report(
    target: Annotated[
        Path | None, typer.Argument(help="A file: .html or .md; none prints Markdown.", show_default=False)
    ] = None,
    *,
    session: SessionOption = None,
    journal: JournalOption = None,
) -> None:
    """Write the night as one page: headline, plot, what was kept and why, failures by cause, costs, what to try next."""
    if target is not None and target.suffix.lower() not in {*_PAGES, *_TEXTS}:
        raise JournalError(f"{target} names no kind of page: end it in .html or .md.")
    with_events = reader(journal)
    state = state_of(with_events)
    tag = latest_tag(state, session)
    row = state.sessions.rows.get(tag)
    if row is None:
        raise JournalMissing("There is no session yet: `ar-loop run` starts one.")
    portraits = [
        portray(state, with_events.stream(experiment_stream(tag, number)), session=tag, experiment=number)
        for number in kept(state, tag)
    ]
    text = markdown(state, row, portraits)
    if target is None:
        typer.echo(text.replace(f"{PICTURE}\n", ""), nl=False)
    else:
        _write(target, _page(state, row, text) if target.suffix.lower() in _PAGES else text.replace(f"{PICTURE}\n", ""))


def _page(state: State, row: Session, text: str) -> str:
    from journal.reports.html import page, picture  # noqa: PLC0415 - what only this form needs

    drawn = picture(state, row)
    if not drawn:
        narrate(
            "Note: the page has no plot: nothing is measured yet, or matplotlib is missing (`pip install 'ar-loop[plots]'`)."
        )
    return page(text, title=f"{row.tag}: {row.goal}", picture=drawn)


def _write(target: Path, text: str) -> None:
    with replacing(target) as beside:
        beside.write_text(text, encoding="utf-8")
    narrate(f"{target} holds the night.")
