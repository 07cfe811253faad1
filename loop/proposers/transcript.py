"""Transcripts: the requests to a proposer and its answers, as files for people.

There is one JSON file per call: `.ar/prompts/SESSION/EXPERIMENT-ATTEMPT.json`. `IdeaProposed.prompt_key` is its path below
`.ar/prompts`. A file holds bodies and no headers, and what looks like a secret is redacted. It is written whole after each
step, so that a killed loop leaves a transcript.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from journal.events.names import session_folder
from journal.reports.transcripts import FOLDER
from journal.secret_scan import redact, redact_data
from loop.contracts import Request

__all__ = ["API_KEY_VARIABLES", "FOLDER", "Transcript", "redact", "secrets", "start"]

API_KEY_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS",
)


@dataclass
class Transcript:
    """The file of one call. A disk that cannot be written costs no proposal."""

    path: Path
    key: str
    secrets: tuple[str, ...] = ()
    content: dict[str, object] = field(default_factory=dict)

    def write(self, **parts: object) -> None:
        """Set parts of the file, and write it."""
        self.content |= parts
        plain = json.loads(json.dumps(self.content, default=str))
        text = json.dumps(redact_data(plain, values=self.secrets), ensure_ascii=False, indent=1)
        temporary = self.path.with_suffix(".part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            temporary.replace(self.path)


def start(folder: Path, request: Request, *, secrets: tuple[str, ...] = ()) -> Transcript:
    """A new transcript of a request below `folder`; an earlier transcript of the same request stays."""
    below = session_folder(folder, request.session)
    stem = f"{request.experiment}-{request.attempt}"
    names = (f"{stem}.json" if number == 1 else f"{stem}-{number}.json" for number in range(1, 10_000))
    path = next(path for name in names if not (path := below / name).exists())
    return Transcript(path=path, key=path.relative_to(folder).as_posix(), secrets=secrets)


def latest_key(folder: Path, request: Request) -> str | None:
    """The key of the newest transcript of a request; None if there is none."""
    pattern = f"{request.experiment}-{request.attempt}*.json"
    paths = session_folder(folder, request.session).glob(pattern)
    newest = max(paths, key=lambda path: path.stat().st_mtime_ns, default=None)
    return None if newest is None else newest.relative_to(folder).as_posix()


def secrets(environment: Mapping[str, str], names: tuple[str, ...] = API_KEY_VARIABLES) -> tuple[str, ...]:
    """The values of these variables, which no transcript may hold."""
    return tuple(environment[name] for name in names if environment.get(name))
