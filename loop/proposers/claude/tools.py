"""What a model may look up while it thinks: SQL over the journal, files of the repository. It can change nothing.

A file is read from the commit, so only what is tracked; names and texts that look like secrets are refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from journal.errors import JournalError
from journal.projections.tables import TABLES
from journal.query.sql import ask
from loop.errors import WorkspaceError
from loop.workspace import Workspace

CALLS = 4  # in one proposal
SQL_SECONDS = 0.25
SQL_ROWS = 40
SQL_CHARACTERS = 6_000
FILE_CHARACTERS = 24_000  # of a file in one call

_SECRET_NAME = re.compile(
    r"(^|/)(\.env(\..*)?|\.netrc|\.npmrc|\.pypirc|\.git-credentials|id_(rsa|dsa|ecdsa|ed25519)[^/]*|"
    r"[^/]*(secret|credential|password|api[-_]?key|token)s?(\.(json|ya?ml|toml|txt|ini|cfg|env))?|"
    r"[^/]*\.(pem|key|p12|pfx|jks|keystore|kdbx|asc|gpg))$",
    re.IGNORECASE,
)
_SECRET_FOLDER = re.compile(r"(^|/)\.(ssh|aws|gnupg|kube|docker|config)/", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bsk-[A-Za-z0-9_-]{20,}|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bhf_[A-Za-z0-9]{30,}"
)

_TABLES = "\n".join(f"- {table.name}({', '.join(column.name for column in table.columns)})" for table in TABLES)

DEFINITIONS: tuple[dict[str, object], ...] = (
    {
        "name": "sql",
        "description": (
            f"One SELECT over the journal (SQLite, read-only): at most {SQL_ROWS} rows, {SQL_SECONDS:g} seconds. "
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
    """A tool's answer as the model gets it."""

    text: str
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The two tools of one proposer. A call never raises: what is wrong is told to the model."""

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
                return ToolResult(text=f"{name} was called without what it needs: see its description.", failed=True)
            case _:
                return ToolResult(text=f"There is no tool {name!r}: use sql or read_file.", failed=True)

    def _sql(self, sql: str) -> ToolResult:
        try:
            answer = ask(self.journal, sql, seconds=SQL_SECONDS, rows=SQL_ROWS)
        except JournalError as error:
            return ToolResult(text=str(error), failed=True)
        rows = [msgspec.json.encode(row, enc_hook=repr).decode() for row in ([answer.columns, *answer.rows])]
        text = "\n".join([*rows, *([f"({answer.truncated})"] if answer.truncated else [])])
        if len(text) > SQL_CHARACTERS:
            text = text[:SQL_CHARACTERS] + "\n(cut: select less)"
        return ToolResult(text=text)

    def _read(self, path: str, offset: int, *, commit: str) -> ToolResult:
        if is_secret(path):
            return ToolResult(text=f"{path} may hold a secret: it is not shown.", failed=True)
        try:
            if path not in self.workspace.tree(commit):
                return ToolResult(text=f"There is no file {path!r} in the repository.", failed=True)
            text = self.workspace.read(commit, [path])[path]
        except WorkspaceError as error:
            return ToolResult(text=str(error), failed=True)
        if _SECRET_TEXT.search(text):
            return ToolResult(text=f"{path} holds what looks like a key: it is not shown.", failed=True)
        part = text[max(0, offset) : max(0, offset) + FILE_CHARACTERS]
        rest = len(text) - max(0, offset) - len(part)
        return ToolResult(text=part + (f"\n({rest} characters follow: read on with offset)" if rest > 0 else ""))


def is_secret(path: str) -> bool:
    """Whether a path is of the kind that holds keys."""
    plain = PurePosixPath(path).as_posix()
    return bool(_SECRET_NAME.search(plain) or _SECRET_FOLDER.search(plain))
