"""The tools of a model: the journal, and files of the repository. They only read.

Files come from the commit, so only tracked files can be read. Names and texts that look like
secrets are refused (`journal.secret_scan`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from journal.errors import JournalError
from journal.query.sql import run_query
from journal.secret_scan import find_secret, is_secret_path, redact
from loop.errors import WorkspaceError
from loop.proposers import history
from loop.proposers.claude.tool_definitions import DEFINITIONS, FILE_CHARACTERS, SQL_ROWS, SQL_SECONDS
from loop.workspace import Workspace

SQL_CHARACTERS = 6_000
NAMES = tuple(str(definition["name"]) for definition in DEFINITIONS)


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """The answer of a tool call."""

    text: str
    is_error: bool = False


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The tools of a proposer. An error is an answer to the model and raises nothing."""

    journal: Path
    workspace: Workspace

    def use(self, name: str, values: Mapping[str, object], *, commit: str, session: str) -> ToolResult:
        """Answer one call."""
        match name, values:
            case "sql", {"query": str(sql)}:
                return self._sql(sql)
            case "read_file", {"path": str(path)}:
                offset = values.get("offset")
                return self._read(path, offset if isinstance(offset, int) else 0, commit=commit)
            case "diff" | "trace" | "curve", {"experiment": int(number)}:
                return self._attempt(name, number, session=session)
            case "similar", {"words": str(words)}:
                return self._similar(words)
            case _ if name in NAMES:
                return ToolResult(text=f"{name} was called with wrong arguments: see its description.", is_error=True)
            case _:
                return ToolResult(text=f"There is no tool {name!r}: use one of {', '.join(NAMES)}.", is_error=True)

    def _attempt(self, name: str, number: int, *, session: str) -> ToolResult:
        """The change, the error or the curve of an experiment."""
        try:
            found = history.one_attempt(self.journal, session, number)
        except JournalError as error:
            return ToolResult(text=str(error), is_error=True)
        if found is None:
            return ToolResult(text=f"There is no experiment {number} in this session.", is_error=True)
        texts = {"diff": found.diff, "trace": found.trace, "curve": history.table(found.curve) if found.curve else ""}
        missing = {"diff": "changed nothing", "trace": "had no failed run", "curve": "reported no points"}[name]
        return ToolResult(text=texts[name] or f"Experiment {number} {missing}.")

    def _similar(self, words: str) -> ToolResult:
        try:
            return ToolResult(text=history.similar(self.journal, words))
        except JournalError as error:
            return ToolResult(text=str(error), is_error=True)

    def _sql(self, sql: str) -> ToolResult:
        try:
            answer = run_query(self.journal, sql, seconds=SQL_SECONDS, rows=SQL_ROWS)
        except JournalError as error:
            return ToolResult(text=str(error), is_error=True)
        rows = [msgspec.json.encode(row, enc_hook=repr).decode() for row in ([answer.columns, *answer.rows])]
        text = "\n".join([*rows, *([f"({answer.truncated})"] if answer.truncated else [])])
        if len(text) > SQL_CHARACTERS:
            text = text[:SQL_CHARACTERS] + "\n(cut: select less)"
        return ToolResult(text=redact(text))

    def _read(self, path: str, offset: int, *, commit: str) -> ToolResult:
        if is_secret_path(path):
            return ToolResult(text=f"{path} may hold a secret, so it is not shown.", is_error=True)
        try:
            if path not in self.workspace.tree(commit):
                return ToolResult(text=f"There is no file {path!r} in the repository.", is_error=True)
            text = self.workspace.read(commit, [path])[path]
        except WorkspaceError as error:
            return ToolResult(text=str(error), is_error=True)
        if secret := find_secret(text):
            place = f"line {secret.line(text)} of {path}"
            return ToolResult(text=f"{place} holds what looks like {secret.kind}, so it is not shown.", is_error=True)
        part = text[max(0, offset) : max(0, offset) + FILE_CHARACTERS]
        rest = len(text) - max(0, offset) - len(part)
        return ToolResult(text=part + (f"\n({rest} characters follow: use offset)" if rest > 0 else ""))
