"""The session report as one self-contained HTML page: no script, and no font or picture from elsewhere."""

from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from markdown_it import MarkdownIt

from journal.errors import JournalError
from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.plot import plot
from journal.reports.session_report import PLOT_MARK

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { margin-top: 2.2rem; border-bottom: 1px solid #8886; } h3 { font-size: 1rem; }
pre { background: #8881; padding: .7rem; overflow-x: auto; font-size: .82rem; line-height: 1.4; }
code { font-family: ui-monospace, monospace; font-size: .92em; }
ins { color: #2a9d4a; text-decoration: none; } del { color: #c0392b; text-decoration: none; }
svg { width: 100%; height: auto; background: #fff; }
"""


def render_page(markdown: str, *, title: str, svg: str) -> str:
    """The page of a report in Markdown; `svg` is the plot as an element, or empty."""
    parser = MarkdownIt("commonmark", {"html": False, "highlight": _highlight})
    before, _, after = markdown.partition(PLOT_MARK)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n"
        f"{parser.render(before)}{svg}\n{parser.render(after)}</html>\n"
    )


def render_plot(state: State, session: Session) -> str:
    """The plot as an SVG element; empty if nothing is measured yet, or without matplotlib."""
    with TemporaryDirectory() as folder:
        target = Path(folder, "plot.svg")
        try:
            plot(state, session=session.tag, target=target)
        except JournalError:
            return ""
        svg = target.read_text(encoding="utf-8")
    return svg[svg.index("<svg") :]  # without the prolog, which refers to another document


def _highlight(code: str, language: str, _attributes: str) -> str:
    """A diff with its added and removed lines as <ins> and <del>."""
    if language != "diff":
        return escape(code)
    tags = {"+": "ins", "-": "del"}
    lines = ((tags.get(line[:1]), escape(line)) for line in code.splitlines())
    return "\n".join(f"<{tag}>{line}</{tag}>" if tag else line for tag, line in lines)
