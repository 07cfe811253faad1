"""The generated block of a brief: found, and rewritten so that everything else keeps its bytes."""

import os
import tempfile
from pathlib import Path

from loop.errors import BadInput

BEGIN = "<!-- memory:begin -->"
END = "<!-- memory:end -->"


def split(text: str) -> tuple[str, str | None, str]:
    """(before, memory, after) of a brief's text; memory is None where there is no block."""
    if BEGIN not in text:
        return text, None, ""
    before, _, rest = text.partition(BEGIN)
    memory, _, after = rest.partition(END)
    return before, memory, after


def write(path: Path, memory: str, *, stage: Path) -> None:
    """Rewrite the generated block, atomically; the human's bytes stay as they are, and so do their line endings.

    `stage` is a folder for the half-written file, so that a crash leaves none beside the brief. Raises OSError, and
    BadInput where the block's markers do not pair: then nothing is written.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name} is not UTF-8 text: {error}.") from error
    outside(text, path=path)
    new = _with_memory(text, memory)
    if new != text:
        _replace(path, new.encode(), seen=raw, stage=stage)


def _with_memory(text: str, memory: str) -> str:
    before, old, after = split(text)
    end = "\r\n" if "\r\n" in before else "\n"
    if old is None:
        before, after = before + ("" if before.endswith("\n") else end) + end, end
    block = "\n".join((BEGIN, memory.strip().replace("<!--", "<! --"), END))
    return before + block.replace("\n", end) + after


def _replace(path: Path, data: bytes, *, seen: bytes, stage: Path) -> None:
    target = path.resolve()  # a brief may be a symbolic link: write through it, do not replace it
    beside = stage.stat().st_dev != target.parent.stat().st_dev  # a rename does not cross file systems
    handle, name = tempfile.mkstemp(dir=target.parent if beside else stage, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(target.stat().st_mode & 0o777)
        if target.read_bytes() == seen:  # else its author has just saved it: the next verdict writes the block
            Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


def outside(text: str, *, path: Path) -> str:
    for marker in (BEGIN, END):
        if text.count(marker) > 1:
            raise BadInput(f"{path.name} has more than one `{marker}`: keep one memory block.")
    if (BEGIN in text) != (END in text) or text.find(BEGIN) > text.find(END):
        raise BadInput(f"{path.name}: the memory block is not closed: it goes from `{BEGIN}` to `{END}`.")
    before, _, after = split(text)
    return before + after
