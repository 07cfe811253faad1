"""The tutorial does what it says: its files are written, its commands run, and their output is as the page has it."""

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
    """(command, its output) of the page's consoles, in order; a file is written by a command too."""
    for kind, file, text in BLOCK.findall(page):
        if file:
            yield f"cat > {file} <<'END'\n{text}END", ""
        elif kind == "console":
            for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, output = step.partition("\n")
                yield command, output


def as_pattern(output):
    """The page's lines in their order; an ellipsis is anything, and other lines may stand between."""
    lines = [re.escape(line).replace("…", ".*") for line in output.splitlines() if line.strip("…")]
    return "(?s:.*)".join(lines)


def run(command, folder):
    """A command as a person without an API key runs it, in an activated environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC")}
    environment |= {**PERSON, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", "-c", command], check=False, cwd=folder, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def is_as_shown(result, output):
    return result.returncode == 0 and bool(re.search(as_pattern(output), result.stdout))


def test_every_command_of_the_tutorial_prints_what_the_page_shows(tmp_path):
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")

    results = [(run(command, tmp_path), output) for command, output in steps(page)]

    assert len(results) > 12
    assert [(result.args, result.stdout) for result, output in results if not is_as_shown(result, output)] == []


def test_control_another_output_than_the_page_shows_is_found(tmp_path):
    result = run("echo loss: 2.5", tmp_path)

    assert [is_as_shown(result, output) for output in ("loss: 2…", "loss: 0…")] == [True, False]
