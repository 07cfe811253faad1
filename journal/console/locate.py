"""The path of the journal: as given, from the environment, or in the enclosing git repository."""

import os
from collections.abc import Mapping
from pathlib import Path

from journal.errors import JournalMissing

VARIABLE = "AR_JOURNAL"
DEFAULT = Path(".ar/journal.db")


def locate(explicit: Path | None = None, *, environ: Mapping[str, str] = os.environ, start: Path | None = None) -> Path:
    """The journal's path: `explicit`, else `$AR_JOURNAL`, else `.ar/journal.db` at the root of the git repository.

    The file need not exist. Raises JournalMissing outside a repository.
    """
    if explicit is not None:
        return explicit
    if path := environ.get(VARIABLE):
        return Path(path)
    start = (start or Path.cwd()).absolute()
    root = next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)
    if root is None:
        raise JournalMissing(f"{start} is in no git repository: name a journal with --journal or ${VARIABLE}.")
    return root / DEFAULT
