"""Defaults of `train` and `scope`, inferred from the files of the repository. Pure."""

import posixpath
import shlex
from collections.abc import Collection

from loop.brief.config import Config
from loop.errors import BadInput

DEFAULT_SCRIPT = "gpt/train.py"  # what `Config` trains and edits by default
TRAIN_SCRIPTS = ("train.py", "main.py", "run.py")  # at the root, in this order


def infer_defaults(
    config: Config, explicit_keys: Collection[str], tree: Collection[str], *, name: str
) -> dict[str, object]:
    """`train` and `scope` if a brief leaves them out; `tree` holds the paths of the commit.

    Raises BadInput, in a sentence about the brief `name`, if no file fits.
    """
    if {"train", "scope"} <= set(explicit_keys):
        return {}
    if "train" in explicit_keys:
        if script := entry_file(config.train, tree):
            return {"scope": [script]}
        raise BadInput(f"{name} has no `scope`: name the files that a change may edit, such as `scope: train.py`.")
    has_scope = "scope" in explicit_keys
    scripts = [path for path in config.scope if path in tree and path.endswith(".py")] if has_scope else []
    if DEFAULT_SCRIPT in (scripts if has_scope else tree):
        return {}
    script = next((path for path in (*scripts, *TRAIN_SCRIPTS) if path in tree), None)
    if script is None:
        scope = "" if has_scope else " and the files that a change may edit (`scope: PATH`)"
        raise BadInput(
            f"{name} has no `train`, and this repository has no {', '.join(TRAIN_SCRIPTS[:-1])} or {TRAIN_SCRIPTS[-1]} at its "
            f"root: add the command that prints `{config.metric}: number` (`train: COMMAND`){scope}, or run `ar-loop init`."
        )
    return {"train": shlex.join(["python", script]), **({} if has_scope else {"scope": [script]})}


def entry_file(line: str, tree: Collection[str]) -> str | None:
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
