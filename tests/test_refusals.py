"""Every command refuses in one way: a line on stderr behind `error: `, exit code 2, nothing on stdout."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("door", "words", "said"),
    [
        ("loop.entry", ["staus"], "No such command 'staus'. Did you mean 'status', 'pause'? (see `ar-loop --help`)."),
        (
            "loop.entry",
            ["status", "--journal", "/nowhere"],
            "There is no journal at /nowhere: start one with `ar-loop run`",
        ),
        ("journal.console.entry", ["show", "x"], "Invalid value for 'number': Input should be a valid integer"),
        (
            "journal.console.entry",
            ["log", "--journal", "/nowhere"],
            "There is no journal at /nowhere: start one with `ar-loop run`",
        ),
        (
            "tui.entry",
            ["--sise", "3"],
            "unrecognized arguments: --sise 3 (see `ar-tui --help`).",
        ),
        ("tui.entry", ["--journal", "/nowhere"], "There is no journal at /nowhere: start one with `ar-loop run`"),
        (
            "gpt.prepare",
            ["--dateset", "x"],
            "unrecognized arguments: --dateset x (see `python -m gpt.prepare --help`).",
        ),
        ("gpt.prepare", ["--profile", "vast"], "no profile 'vast' in "),
    ],
)
def test_a_refusal_is_one_line_that_begins_alike_at_every_door(door, words, said):
    enter = f"import sys; sys.argv[1:] = {words}; from {door} import main; sys.exit(main())"

    done = subprocess.run([sys.executable, "-c", enter], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {said}")
    assert done.stderr.count("\n") == 1
