"""What a brief that leaves it open trains and edits, as the files of its repository suggest. Pure."""

import posixpath
import shlex
from collections.abc import Collection

from loop.brief.config import Config
from loop.errors import BadInput

OWN = "gpt/train.py"  # the scope that `Config` has by default, and trains with its default command
SCRIPTS = ("train.py", "main.py", "run.py")  # at the root, in this order


def of_tree(config: Config, given: Collection[str], tree: Collection[str], *, name: str) -> dict[str, object]:
    """`train` and `scope` where a brief does not set them; `given` are the keys that it sets, `tree` the commit's paths.

    Raises BadInput, in a sentence about the brief `name`, where no file can be taken for them.
    """
    if {"train", "scope"} <= set(given):
        return {}
    if "train" in given:
        if script := script_of(config.train, tree):
            return {"scope": [script]}
        raise BadInput(f"{name} says no `scope`: name the files that may be edited, such as scope: train.py.")
    scripts = [path for path in config.scope if path in tree and path.endswith(".py")] if "scope" in given else []
    if OWN in (tree if "scope" not in given else scripts):
        return {}
    script = next((path for path in (*scripts, *SCRIPTS) if path in tree), None)
    if script is None:
        asked = "" if "scope" in given else " and which files may be edited (scope: PATH)"
        raise BadInput(
            f"{name} says no `train`, and this repository has no {', '.join(SCRIPTS[:-1])} or {SCRIPTS[-1]} at its root: "
            f"say which command prints `{config.metric}: number` (train: COMMAND){asked}, or let `ar-loop init` ask."
        )
    return {"train": shlex.join(["python", script]), **({} if "scope" in given else {"scope": [script]})}


def script_of(line: str, tree: Collection[str]) -> str | None:
    """The file of the repository that a command line runs: a path, or a module after -m."""
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    for before, word in zip(("", *words), words, strict=False):
        module = word.replace(".", "/")
        paths = [f"{module}.py", f"{module}/__main__.py"] if before == "-m" else []
        for path in (*paths, posixpath.normpath(word)):
            if path in tree:
                return path
    return None
