"""The prompt for a proposer: rules, notes, brief, files, memory, news, in this order. Pure.

A prompt cache serves the longest prefix that it knows, so the parts that change least come first: no clock, counter or
experiment number stands above the news.
"""

from collections.abc import Iterable, Mapping

import msgspec

from loop.contracts import Request
from loop.proposers.news import news
from loop.proposers.rules import KEYS, RULES, TASK

__all__ = ["Prompt", "brief", "build_prompt", "files", "news", "notes", "task"]

FILES_CHARACTERS = 240_000  # of all files that the prompt shows whole; it only names the others


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a prompt, from the one that changes least to the one that changes most."""

    rules: str
    notes: str  # empty if the brief names none
    brief: str
    files: str
    memory: str
    news: str

    @property
    def cached(self) -> tuple[str, ...]:
        """The parts behind the rules that a server may cache."""
        return (*([self.notes] if self.notes else []), self.brief, self.files)


def build_prompt(request: Request, *, structured: bool = True) -> Prompt:
    """The prompt for a request; if the answer is not `structured` by a schema, the rules name its keys."""
    return Prompt(
        rules=RULES if structured else RULES + KEYS,
        notes=notes(request),
        brief=brief(request),
        files=files(request.files),
        memory=f"# Memory of this session\n\n{request.memory.strip()}",
        news=news(request),
    )


def notes(request: Request) -> str:
    """The file that the brief names in `notes`: papers, records, what else the researcher knows."""
    return f"# The researcher's notes\n\n{request.notes.strip()}" if request.notes.strip() else ""


def brief(request: Request) -> str:
    """The keys of the brief as sentences, then its prose."""
    facts = [f"Goal: {request.goal}", f"Metric: {request.metric}, to {request.direction}"]
    if request.budget is not None:
        startup = "" if request.startup is None else f", and {request.startup:g} s more for imports, data, compilation"
        facts.append(f"Budget of one run: {request.budget:g} s of training{startup}")
    facts += [f"Device: {request.device}"] if request.device else []
    facts += [f"Rule: {rule}" for rule in request.rules]
    return "\n".join(["# The brief", "", *facts, "", request.brief.strip()])


def task(request: Request, *, scope: Iterable[str], complaint: str = "") -> str:
    """The prompt for a coding agent; `complaint` is a sentence about its last proposal."""
    parts = [TASK, f"Files in scope: {', '.join(scope)}", news(request)]
    return "\n\n".join([*parts, *([complaint] if complaint else [])]) + "\n"


def files(texts: Mapping[str, str]) -> str:
    """The files in scope, whole while they fit, the smallest first."""
    shown: set[str] = set()
    left = FILES_CHARACTERS
    for path in sorted(texts, key=lambda path: (len(texts[path]), path)):
        left -= len(texts[path])
        if left < 0:
            break
        shown.add(path)
    parts = [_file(path, texts[path]) if path in shown else _named(path, texts[path]) for path in sorted(texts)]
    return "# The files in scope\n\n" + "\n\n".join(parts)


def _file(path: str, text: str) -> str:
    return f'<file path="{path}">\n{text}{"" if text.endswith(chr(10)) else chr(10)}</file>'


def _named(path: str, text: str) -> str:
    return f'<file path="{path}" characters="{len(text)}" shown="no: use read_file"/>'
