"""The command outside a terminal: plain lines, exit codes, and an error message of one sentence."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sessions

from journal.events import experiment_stream
from journal.store import Journal
from tui.cli import SHELLS
from tui.state.keys import KEYS, markdown
from tui.widgets.picture import svg

ROOT = Path(__file__).parents[2]


def ar_tui(*arguments, **env):
    """Run the command without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "tui.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **env},
        check=False,
    )


def test_without_a_terminal_it_prints_the_status_and_ends(shared_journal):
    done = ar_tui("--journal", shared_journal)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[0] == "nov20: ✗ loop not running"


def test_the_status_can_be_of_a_position(shared_journal, golden):
    done = ar_tui("--journal", shared_journal, "--at", "61")

    assert done.returncode == 0
    golden("status-at-61", done.stdout.rstrip("\n"))


def test_a_missing_journal_is_one_sentence_and_exit_2(tmp_path):
    done = ar_tui("--journal", tmp_path / "none.db")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: There is no journal at ")
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_no_journal_is_one_sentence_and_exit_2(tmp_path):
    (tmp_path / "notes.txt").write_text("not a database at all, but long enough to be read as one" * 40)

    done = ar_tui("--journal", tmp_path / "notes.txt")

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_theme_that_does_not_exist_is_refused(shared_journal):
    assert ar_tui("--journal", shared_journal, "--theme", "neon").returncode == 2


def test_the_journal_is_found_by_the_environment(shared_journal):
    assert ar_tui(AR_JOURNAL=str(shared_journal)).stdout.startswith("nov20")


def test_a_pipe_that_closes_early_is_no_error(shared_journal):
    command = f"{sys.executable} -m tui.cli --journal {shared_journal} | head -1"

    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_lines_prints_each_event_as_it_happens(own_journal):
    journal = Journal(own_journal)
    journal.acquire()
    command = [sys.executable, "-m", "tui.cli", "--journal", str(own_journal), "--lines"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env) as process:
        first = process.stdout.readline()
        reading = iter(process.stdout.readline, "")
        next(status for status in reading if status.startswith("#7"))

        journal.append(experiment_stream(sessions.TAG, 12), [sessions.finished(12, 1, 1.47)])
        line = next(reading)
        process.send_signal(signal.SIGINT)
    journal.close()

    assert first.startswith("nov20: ")
    assert "#12 run 1 measured 1.4700" in line
    assert process.returncode == 130


def test_help_shows_examples_and_names_every_option():
    done = ar_tui("--help")

    assert done.returncode == 0
    assert "examples:" in done.stdout
    assert all(
        option in done.stdout for option in ("--journal", "--at", "--replay", "--readonly", "--ascii", "--lines")
    )


@pytest.mark.parametrize(
    ("line", "completed"),
    [("ar-tui --sc", "--screen"), ("ar-tui --screen h", "history"), ("ar-tui --theme con", "contrast")],
)
def test_bash_completes_options_and_their_values(tmp_path, line, completed):
    (tmp_path / "completion").write_text(ar_tui("--show-completion", "bash").stdout)
    words = line.split()
    script = f"source completion; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
    script += f"$(complete -p ar-tui | sed 's/.*-F //; s/ .*//') ar-tui {words[-1]} {words[-2]}; echo ${{COMPREPLY[@]}}"

    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True)

    assert answer.stdout.split() == [completed]
    assert answer.stderr == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completion_of_every_shell_has_every_option(shell):
    script = ar_tui("--show-completion", shell).stdout

    assert all(option in script for option in ("journal", "at", "replay", "readonly", "theme"))


def test_the_documented_keys_are_the_table_of_keys():
    assert (ROOT / "docs" / "keys.md").read_text(encoding="utf-8") == markdown()


def test_every_action_is_documented():
    assert all(key.help in markdown() for key in KEYS)


@pytest.mark.parametrize("theme", ["terminal", "light"])
def test_a_picture_shows_what_the_screen_shows(painter, theme):
    picture = svg(painter.frame(), theme=theme)

    assert picture.startswith("<svg ")
    assert "halve the batch" in picture
    assert "<script" not in picture


def test_the_command_writes_a_picture(shared_journal, tmp_path):
    done = ar_tui(
        "--journal", shared_journal, "--picture", tmp_path / "history.svg", "--size", "100x30", "--screen", "history"
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "cool down over 60 % of the time" in (tmp_path / "history.svg").read_text(encoding="utf-8")
