"""`ar-loop init --from-autoresearch`: a brief from the layout of autoresearch, and a session from its table of results.

In https://github.com/karpathy/autoresearch `prepare.py` holds data, budget and evaluation and is fixed, `train.py` is edited,
`program.md` is prose, and `results.tsv` lists the experiments so far.
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
DATA = "~/.cache/autoresearch"  # prepare.py writes data and tokenizer there
STARTUP = "5m"  # for compilation and the final evaluation; autoresearch limits a run to ten minutes
_BUDGET = re.compile(r"^TIME_BUDGET\s*=\s*(\d+)", re.MULTILINE)  # seconds


def brief_keys(root: Path) -> dict[str, object]:
    """The keys of a brief for this repository. Raises BadInput if it has another layout."""
    for name in FILES:
        if not (root / name).is_file():
            raise BadInput(f"{root} has no {name}, so it is not an autoresearch checkout: omit --from-autoresearch.")
    budget = _BUDGET.search((root / "prepare.py").read_text(encoding="utf-8", errors="replace"))
    return {
        "goal": "the lowest val_bpb that train.py reaches in its fixed time",
        "metric": "val_bpb",
        "direction": "minimize",
        "scope": ["train.py"],
        "train": f"{python(root)} train.py",
        "budget": duration(float(budget[1])) if budget else "5m",
        "startup": STARTUP,
        "inputs": [DATA] if inputs.source_path(root, DATA).is_dir() else [],
    }


def read_results(root: Path) -> tuple[str, results_import.ResultTable] | None:
    """The text and content of the table of results; None if there is none. Raises JournalError if it cannot be read."""
    path = root / TABLE
    if not path.is_file():
        return None
    text = results_import.read(path)
    return text, results_import.parse(text)


def import_results(journal: Path, table: tuple[str, results_import.ResultTable]) -> int:
    """Record the table as an ended session; returns the number of its experiments, 0 if the journal already has it."""
    text, results = table
    with closing(Journal(journal)) as writer:
        writer.acquire()
        if TAG in fold(writer.read()).sessions.rows:
            return 0
        for stream, events in results_import.events(results, session=TAG, source=TABLE, text=text):
            writer.append(stream, events)
    return len(results.results)
