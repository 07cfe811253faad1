"""The report as one self-contained page of HTML: no script, no font, no picture from elsewhere."""

from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from markdown_it import MarkdownIt

from journal.errors import JournalError
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.night import PICTURE
from journal.reports.plot import plot

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { margin-top: 2.2rem; border-bottom: 1px solid #8886; } h3 { font-size: 1rem; }
pre { background: #8881; padding: .7rem; overflow-x: auto; font-size: .82rem; line-height: 1.4; }
code { font-family: ui-monospace, monospace; font-size: .92em; }
ins { color: #2a9d4a; text-decoration: none; } del { color: #c0392b; text-decoration: none; }
svg { width: 100%; height: auto; background: #fff; }
"""


def page(text: str, *, title: str, picture: str) -> str:
    """The page of a report in Markdown; `picture` is an SVG element, or empty."""
    reader = MarkdownIt("commonmark", {"html": False, "highlight": _coloured})
    before, _, after = text.partition(PICTURE)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n"
        f"{reader.render(before)}{picture}\n{reader.render(after)}</html>\n"
    )


def picture(state: State, session: Session) -> str:
    """The plot as an SVG element; empty where there is nothing to draw, or nothing to draw with."""
    with TemporaryDirectory() as folder:
        target = Path(folder, "night.svg")
        try:
            plot(state, session=session.tag, target=target)
        except JournalError:
            return ""
        drawn = target.read_text(encoding="utf-8")
    return drawn[drawn.index("<svg") :]  # without the prolog, which names a document elsewhere


def _coloured(code: str, language: str, _attributes: str) -> str:
    """A diff with its lines marked as inserted and deleted."""
    if language != "diff":
        return escape(code)
    marks = {"+": "ins", "-": "del"}
    lines = ((marks.get(line[:1]), escape(line)) for line in code.splitlines())
    return "\n".join(f"<{mark}>{line}</{mark}>" if mark else line for mark, line in lines)
