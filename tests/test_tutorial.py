"""The tutorial does what it says: its files are written, its commands run, and what they print is as the page has it."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PERSON = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.invalid",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.invalid",
}


def steps(page):
    """(command, what it prints) of the page's consoles, in order; a file is written by a command too."""
    for kind, file, text in BLOCK.findall(page):
        if file:
            yield f"cat > {file} <<'END'\n{text}END", ""
        elif kind == "console":
            for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, printed = step.partition("\n")
                yield command, printed


def as_pattern(printed):
    """The page's lines in their order; an ellipsis is anything, and other lines may stand between."""
    lines = [re.escape(line).replace("…", ".*") for line in printed.splitlines() if line.strip("…")]
    return "(?s:.*)".join(lines)


def test_every_command_of_the_tutorial_prints_what_the_page_shows(tmp_path):
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC")}
    environment |= {**PERSON, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    told = []

    for command, printed in steps(page):
        ended = subprocess.run(
            ["sh", "-c", command], check=False, cwd=tmp_path, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        told.append((command, ended.returncode, bool(re.search(as_pattern(printed), ended.stdout)), ended.stdout))

    assert len(told) > 12
    assert [step for step in told if step[1] != 0 or not step[2]] == []
