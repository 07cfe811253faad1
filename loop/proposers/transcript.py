"""What was asked of a proposer and what it answered, kept as files that can be read afterwards.

One JSON file for each asking: `.ar/prompts/SESSION/EXPERIMENT-ATTEMPT.json`; `IdeaProposed.prompt_key` names it below
`.ar/prompts`. Only bodies are kept, never headers, and whatever looks like a key is blotted out. The files are written
whole after each step, so a killed loop leaves what was said until then.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from journal.reports.transcripts import BLOT, FOLDER, blot
from loop.contracts import Request

__all__ = ["FOLDER", "KEYS", "Transcript", "begin", "redact", "secrets"]

KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_CUSTOM_HEADERS")


@dataclass
class Transcript:
    """The file of one asking. `say` writes it; a disk that cannot be written costs no proposal."""

    path: Path
    key: str
    secrets: tuple[str, ...] = ()
    content: dict[str, object] = field(default_factory=dict)

    def say(self, **parts: object) -> None:
        """Set parts of the file and write it."""
        self.content |= parts
        text = redact(json.dumps(self.content, ensure_ascii=False, indent=1, default=str), self.secrets)
        beside = self.path.with_suffix(".part")
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(
                os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                file.write(text)
            beside.replace(self.path)


def begin(folder: Path, request: Request, *, secrets: tuple[str, ...] = ()) -> Transcript:
    """The transcript of a request below `folder`; an earlier one of the same request, cut short, is kept."""
    stem = f"{request.session}/{request.experiment}-{request.attempt}"
    names = (stem if number == 1 else f"{stem}-{number}" for number in range(1, 10_000))
    name = next(name for name in names if not (folder / f"{name}.json").exists())
    return Transcript(path=folder / f"{name}.json", key=f"{name}.json", secrets=secrets)


def secrets(environment: Mapping[str, str], names: tuple[str, ...] = KEYS) -> tuple[str, ...]:
    """The values of these variables that must not be kept."""
    return tuple(value for name in names if len(value := environment.get(name, "")) >= 8)


def redact(text: str, hidden: tuple[str, ...] = ()) -> str:
    """The text without keys: those that are known, and what looks like one."""
    for secret in hidden:
        text = text.replace(json.dumps(secret, ensure_ascii=False)[1:-1], BLOT)
    return blot(text)
