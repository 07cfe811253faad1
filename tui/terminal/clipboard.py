"""Copies text over SSH: OSC 52 to the terminal, also through tmux, and a file for terminals that ignore OSC 52.

Terminals do not acknowledge OSC 52, so the file is always written. Terminals drop long sequences (xterm allows about 100,000
bytes), so longer texts go to the file only.
"""

import base64
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

SEQUENCE_BYTES = 74_994  # of text: 99,992 bytes in base64


def osc52_sequence(text: str, *, environ: Mapping[str, str]) -> str | None:
    """The bytes that set the terminal's clipboard; None if the text is too long.

    tmux reads the bare sequence with `set-clipboard on`, and forwards the wrapped one with `allow-passthrough on`.
    """
    raw = text.encode(errors="replace")
    if len(raw) > SEQUENCE_BYTES:
        return None
    bare = f"\x1b]52;c;{base64.b64encode(raw).decode()}\x07"
    if "TMUX" not in environ:
        return bare
    return bare + "\x1bPtmux;" + bare.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def copy_file(environ: Mapping[str, str]) -> Path:
    """The file for copied text, one per user."""
    folder = environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(folder) / f"ar-tui-{os.getuid()}.copy"


def write_file(path: Path, text: str) -> None:
    """Write the text, readable by this user only, and never through a link that somebody else made. Raises OSError."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
