"""Coming from autoresearch: what its layout says that a brief must say, and its table of results as a session.

The layout is that of https://github.com/karpathy/autoresearch: `prepare.py` is fixed and holds data, budget and evaluation,
`train.py` is edited, `program.md` is prose, `results.tsv` is the night so far.
"""

import re
from contextlib import closing
from pathlib import Path

from journal.exchange import results_import
from journal.projections.state import fold
from journal.store import Journal
from loop.errors import BadInput
from loop.runs import inputs
from loop.setup.init.suggest import duration, python

FILES = ("program.md", "prepare.py", "train.py")
TABLE = "results.tsv"
TAG = "autoresearch"  # of the session that the table becomes
DATA = "~/.cache/autoresearch"  # where its prepare.py puts data and tokenizer
STARTUP = "5m"  # compilation and the evaluation at the end; its own limit of a run is ten minutes
_BUDGET = re.compile(r"^TIME_BUDGET\s*=\s*(\d+)", re.MULTILINE)  # seconds


def proposal(root: Path) -> dict[str, object]:
    """The keys of a brief for this repository. Raises BadInput where it is laid out otherwise."""
    for name in FILES:
        if not (root / name).is_file():
            raise BadInput(
                f"{root} is not laid out like autoresearch: there is no {name}. Leave --from-autoresearch out."
            )
    budget = _BUDGET.search((root / "prepare.py").read_text(encoding="utf-8", errors="replace"))
    return {
        "goal": "the lowest val_bpb that train.py reaches in its fixed time",
        "metric": "val_bpb",
        "direction": "minimize",
        "scope": ["train.py"],
        "train": f"{python(root)} train.py",
        "budget": duration(float(budget[1])) if budget else "5m",
        "startup": STARTUP,
        "inputs": [DATA] if inputs.source(root, DATA).is_dir() else [],
    }


def table(root: Path) -> tuple[str, list[results_import.Result]] | None:
    """The table of results, read; None where there is none. Raises JournalError for one that cannot be read."""
    path = root / TABLE
    if not path.is_file():
        return None
    text = results_import.read(path)
    return text, results_import.parse(text)


def adopt(journal: Path, found: tuple[str, list[results_import.Result]]) -> int:
    """Record the table as a session that has ended; how many experiments it tells of, 0 where the journal has it."""
    text, parsed = found
    with closing(Journal(journal)) as writer:
        writer.acquire()
        if TAG in fold(writer.read()).sessions.rows:
            return 0
        for stream, events in results_import.events(parsed, session=TAG, source=TABLE, text=text):
            writer.append(stream, events)
    return len(parsed)
