"""The generated memory block of a brief: the loop rewrites it and leaves every other byte as it is."""

import os
import tempfile
from pathlib import Path

from loop.errors import BadInput

BEGIN = "<!-- memory:begin -->"
END = "<!-- memory:end -->"


def split(text: str) -> tuple[str, str | None, str]:
    """(before, memory, after) of a brief's text; memory is None if there is no block."""
    if BEGIN not in text:
        return text, None, ""
    before, _, rest = text.partition(BEGIN)
    memory, _, after = rest.partition(END)
    return before, memory, after


def without_block(text: str, *, path: Path) -> str:
    """The person's text. Raises BadInput if the block's markers do not pair."""
    for marker in (BEGIN, END):
        if text.count(marker) > 1:
            raise BadInput(f"{path.name} has more than one `{marker}`: keep one memory block.")
    if (BEGIN in text) != (END in text) or text.find(BEGIN) > text.find(END):
        raise BadInput(f"{path.name}: the memory block is not closed: it starts with `{BEGIN}` and ends with `{END}`.")
    before, _, after = split(text)
    return before + after


def write(path: Path, memory: str, *, temp_folder: Path) -> None:
    """Rewrite the block atomically, with the line ends of the text.

    `temp_folder` holds the unfinished file, so that a crash leaves none beside the brief. Raises OSError, and BadInput,
    before anything is written, if the block's markers do not pair.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name} is not UTF-8 text: {error}.") from error
    without_block(text, path=path)
    new = _with_memory(text, memory)
    if new != text:
        _replace(path, new.encode(), expected=data, temp_folder=temp_folder)


def _with_memory(text: str, memory: str) -> str:
    before, old, after = split(text)
    end = "\r\n" if "\r\n" in before else "\n"
    if old is None:
        before, after = before + ("" if before.endswith("\n") else end) + end, end
    block = "\n".join((BEGIN, memory.strip().replace("<!--", "<! --"), END))
    return before + block.replace("\n", end) + after


def _replace(path: Path, data: bytes, *, expected: bytes, temp_folder: Path) -> None:
    target = path.resolve()  # a brief may be a symbolic link: write through it, do not replace it
    crosses = temp_folder.stat().st_dev != target.parent.stat().st_dev  # a rename does not cross file systems
    handle, name = tempfile.mkstemp(dir=target.parent if crosses else temp_folder, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(target.stat().st_mode & 0o777)
        if target.read_bytes() == expected:  # else its author has just saved it: the next verdict writes the block
            Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
