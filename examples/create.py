"""Make an example a repository of its own: `python examples/create.py text-classifier [FOLDER]`, then `ar-loop run` in it.

A folder that is there already is left as it is, so that the same command goes on with its session.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
COMMIT = ["git", "-c", "user.name=example", "-c", "user.email=example@example.invalid", "commit", "--quiet"]


def names() -> list[str]:
    """The examples that there are."""
    return sorted(brief.parent.name for brief in HERE.glob("*/program.md"))


def create(name: str, target: Path) -> None:
    """Copy an example and make its first commit."""
    shutil.copytree(HERE / name, target, ignore=shutil.ignore_patterns("__pycache__"))
    for command in (
        ["git", "init", "--quiet", "-b", "main"],
        ["git", "add", "-A"],
        [*COMMIT, "-m", f"The example {name}"],
    ):
        subprocess.run(command, cwd=target, check=True)


def main() -> None:
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in names():
        sys.exit(f"examples/create.py: name one of {', '.join(names())}: make example NAME={names()[0]}")
    target = Path(arguments[1]) if len(arguments) > 1 else HERE.parent / "build" / "examples" / arguments[0]
    if not target.exists():
        create(arguments[0], target)
    print(target)


if __name__ == "__main__":
    main()
