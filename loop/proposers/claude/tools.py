"""The tools of a model: SQL over the journal, and files of the repository. Both only read.

Files come from the commit, so only tracked files can be read. Names and texts that look like
secrets are refused (`journal.secret_scan`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from journal.errors import JournalError
from journal.projections.tables import TABLES
from journal.query.sql import run_query
from journal.secret_scan import find_secret, is_secret_path, redact
from loop.errors import WorkspaceError
from loop.workspace import Workspace

CALLS = 4  # in one proposal
SQL_SECONDS = 0.25
SQL_ROWS = 40
SQL_CHARACTERS = 6_000
FILE_CHARACTERS = 24_000  # of a file in one call

_TABLES = "\n".join(f"- {table.name}({', '.join(column.name for column in table.columns)})" for table in TABLES)

DEFINITIONS: tuple[dict[str, object], ...] = (
    {
        "name": "sql",
        "description": (
            f"One SELECT over the journal (SQLite, read-only): at most {SQL_ROWS} rows, {SQL_SECONDS:g} seconds. "
            "Sessions of one study compare: JOIN studies USING (session). "
            f"Tables:\n{_TABLES}"
        ),
        "input_schema": {
            "type": "object",
            "properties": {"query": {"type": "string", "description": "One SELECT statement."}},
            "required": ["query"],
            "additionalProperties": False,
        },
    },
    {
        "name": "read_file",
        "description": f"A text file of the repository at the parent's commit, {FILE_CHARACTERS:,} characters at a time.",
        "input_schema": {
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "From the repository's root, such as gpt/evaluate.py."},
                "offset": {"type": "integer", "description": "First character, from 0."},
            },
            "required": ["path"],
            "additionalProperties": False,
        },
    },
)


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """The answer of a tool call."""

    text: str
    is_error: bool = False


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The two tools of a proposer. An error is an answer to the model and raises nothing."""

    journal: Path
    workspace: Workspace

    def use(self, name: str, values: Mapping[str, object], *, commit: str) -> ToolResult:
        """Answer one call."""
        match name, values:
            case "sql", {"query": str(sql)}:
                return self._sql(sql)
            case "read_file", {"path": str(path)}:
                offset = values.get("offset")
                return self._read(path, offset if isinstance(offset, int) else 0, commit=commit)
            case "sql" | "read_file", _:
                return ToolResult(text=f"{name} was called with wrong arguments: see its description.", is_error=True)
            case _:
                return ToolResult(text=f"There is no tool {name!r}: use sql or read_file.", is_error=True)

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
