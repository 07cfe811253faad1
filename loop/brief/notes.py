"""The `notes` of a brief: a file of the researcher that every proposer reads, such as papers, records and measurements."""

from pathlib import Path

from journal import untrusted
from journal.secret_scan import redact
from journal.untrusted import UntrustedInput
from loop.errors import BadInput

MAX_BYTES = 200_000  # about 50,000 tokens, which are paid with each proposal
ADVICE = f"name a plain file of UTF-8 text with at most {MAX_BYTES:,} bytes"


def read_notes(root: Path, name: str | None) -> str:
    """The text without what looks like a secret; empty if the brief names no file. Raises BadInput."""
    if name is None:
        return ""
    path = root / name
    if not path.is_file():
        raise BadInput(f"`notes: {name}` of the brief does not exist: write the file, or remove the key.")
    try:
        return redact(untrusted.text(untrusted.read_file(path, max_bytes=MAX_BYTES)))
    except UntrustedInput as error:
        raise BadInput(f"`notes: {name}` of the brief cannot be used, because {error}: {ADVICE}.") from error


def text_or_nothing(root: Path, name: str | None) -> str:
    """The notes for a proposal: a file that vanished during a session costs no proposal."""
    try:
        return read_notes(root, name)
    except BadInput:
        return ""
