"""The command that writes a session as one page: report."""

from pathlib import Path
from typing import Annotated

import typer

from journal.cli.app import JournalOption, SessionOption, StudyOption, app, open_reader, read_state, session_tag
from journal.console.output_file import replacing
from journal.console.terminal import print_note, print_text
from journal.errors import JournalError, JournalMissing
from journal.events import experiment_stream
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.experiment import experiment_report
from journal.reports.session_report import PLOT_MARK, kept_numbers, render_markdown
from journal.reports.study_report import render_study
from journal.store import Reader

_HTML, _MARKDOWN = (".html", ".htm"), (".md", ".markdown")


@app.command(epilog="Example: ar-journal report session.html")
def report(
    target: Annotated[
        Path | None, typer.Argument(help="File to write: .html or .md (default: print Markdown).", show_default=False)
    ] = None,
    *,
    session: SessionOption = None,
    study: StudyOption = False,
    journal: JournalOption = None,
) -> None:
    """Write a report of a session: results, plot, kept changes, failures by cause, costs, and what to try next."""
    if target is not None and target.suffix.lower() not in {*_HTML, *_MARKDOWN}:
        raise JournalError(f"{target} has no suffix of a page: end it in .html or .md.")
    reader = open_reader(journal)
    state = read_state(reader)
    tag = session_tag(state, session)
    row = state.sessions.rows.get(tag)
    if row is None:
        raise JournalMissing("There is no session yet: `ar-loop run` starts one.")
    is_html = target is not None and target.suffix.lower() in _HTML
    text = _study(state, row, is_html=is_html) if study else _session(reader, state, row, is_html=is_html)
    if target is None:
        print_text(text, end="")
        return
    with replacing(target) as partial:
        partial.write_text(text, encoding="utf-8")
    print_note(f"{target} holds the report of {'the study of ' if study else ''}session {tag}.")


def _study(state: State, row: Session, *, is_html: bool) -> str:
    from journal.reports.html import render_page  # noqa: PLC0415 - only this format needs it

    markdown = render_study(state, row.tag)
    return render_page(markdown, title=f"{row.tag}: {row.goal}", svg="") if is_html else markdown


def _session(reader: Reader, state: State, row: Session, *, is_html: bool) -> str:
    kept = [
        experiment_report(state, reader.stream(experiment_stream(row.tag, number)), session=row.tag, experiment=number)
        for number in kept_numbers(state, row.tag)
    ]
    markdown = render_markdown(state, row, kept)
    return _html(state, row, markdown) if is_html else markdown.replace(f"{PLOT_MARK}\n", "")


def _html(state: State, row: Session, markdown: str) -> str:
    from journal.reports.html import render_page, render_plot  # noqa: PLC0415 - only this format needs it

    svg = render_plot(state, row)
    if not svg:
        print_note(
            "Note: the page has no plot: nothing is measured yet, or matplotlib is missing (`pip install 'ar-loop[plots]'`)."
        )
    return render_page(markdown, title=f"{row.tag}: {row.goal}", svg=svg)
