"""Files that a command writes: a new file, or the replacement of a plain one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from journal.errors import JournalError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary file to write, which replaces the target if no exception occurs. Raises JournalError.

    A link stays, and the file that it points to is replaced; a device or a folder is refused.
    """
    if target.exists() and not target.is_file():
        raise JournalError(f"{target} is {'a folder' if target.is_dir() else 'no plain file'}: name a file to write.")
    target_file = target.resolve()
    partial = target_file.with_name(f".{target_file.stem}.part{target_file.suffix}")
    try:
        yield partial
        os.replace(partial, target_file)  # noqa: PTH105 - in one step: no half-written file under the name
    except OSError as error:
        raise JournalError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):  # in a folder that cannot be written, nothing can be deleted
            partial.unlink()
