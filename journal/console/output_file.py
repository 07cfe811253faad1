"""Files that a command writes for a person: a new one, or a plain one that it replaces whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from journal.errors import JournalError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a file beside the target to write, which takes the target's place if all goes well. Raises JournalError.

    A link is followed, so that the file it leads to is replaced and not the link; a device or a folder is left alone.
    """
    place = plain(target).resolve()
    beside = place.with_name(f".{place.stem}.part{place.suffix}")
    try:
        yield beside
        os.replace(beside, place)  # noqa: PTH105 - in one step: a half-written file never bears the name
    except OSError as error:
        raise JournalError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):  # where nothing can be written, nothing can be taken away
            beside.unlink()


def plain(target: Path) -> Path:
    """The target, if it is a plain file or nothing yet. Raises JournalError."""
    if target.exists() and not target.is_file():
        what = "a folder" if target.is_dir() else "no plain file"
        raise JournalError(f"{target} is {what}: name a file to write.")
    return target
