"""Keys and passwords in a proposal: the gate refuses one that adds any, and nothing of its texts is recorded. Pure."""

from collections.abc import Mapping

import msgspec

from journal.secret_scan import find_secret, redact
from loop.contracts import Proposal

RULE = "secrets"


def new_secret(proposal: Proposal, before: Mapping[str, str], known: Mapping[str, str]) -> str | None:
    """Why a proposal may not be recorded: its idea or an added line holds a secret; None if it may.

    `known` are the values of environment variables by name. A secret that a file holds already is not the proposal's.
    """
    for place, text in _texts(proposal).items():
        if secret := find_secret(text, values=known):
            return f"{place} holds {secret.kind}: keep secrets out of it."
    for path, text in proposal.files.items():
        old = before.get(path, "")
        name = next(
            (name for name, value in known.items() if "\n" in value and value in text and value not in old), None
        )
        if name:
            return _refusal(path, f"the value of {name}")
        lines = set(old.split("\n"))
        for number, line in enumerate(text.split("\n"), start=1):
            if line not in lines and (secret := find_secret(line, values=known)):
                return _refusal(f"{path} line {number}", secret.kind)
    return None


def withhold(proposal: Proposal, known: Mapping[str, str]) -> Proposal:
    """The proposal as it may be recorded: its words without secrets, and no file."""
    words = {name: redact(text, known.values()) for name, text in _words(proposal).items()}
    return msgspec.structs.replace(proposal, files={}, **words)


def _refusal(place: str, kind: str) -> str:
    return f"{place} would hold {kind}: read it from an environment variable, and write only the variable's name."


def _words(proposal: Proposal) -> dict[str, str]:
    """The fields of a proposal that hold words of its proposer."""
    fields = ("idea", "hypothesis", "kind", "model", "retry_reason")
    return {name: text for name in fields if (text := getattr(proposal, name))}


def _texts(proposal: Proposal) -> dict[str, str]:
    """Place -> text, for an error message."""
    return {f"Its `{name}`": text for name, text in _words(proposal).items()} | {"A path": "\n".join(proposal.files)}
