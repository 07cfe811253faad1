"""The command outside of a terminal: plain lines, exit codes, one sentence for each thing that is wrong."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import nights
import pytest

from journal.events import experiment_stream
from journal.store import Journal
from tui.cli import SHELLS
from tui.state.keys import KEYS, markdown
from tui.widgets.picture import svg

ROOT = Path(__file__).parents[2]


def ar_tui(*words, **env):
    """Run the command without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "tui.cli", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **env},
        check=False,
    )


def test_without_a_terminal_it_prints_the_status_and_is_done(night, golden):
    done = ar_tui("--journal", night)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[0] == "nov20: ✗ loop not running"


def test_the_status_can_be_of_a_position(night, golden):
    done = ar_tui("--journal", night, "--at", "61")

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


def test_a_theme_that_does_not_exist_is_refused(night):
    assert ar_tui("--journal", night, "--theme", "neon").returncode == 2


def test_the_journal_is_found_by_the_environment(night):
    assert ar_tui(AR_JOURNAL=str(night)).stdout.startswith("nov20")


def test_a_pipe_that_closes_early_is_no_error(night):
    command = f"{sys.executable} -m tui.cli --journal {night} | head -1"

    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_lines_tell_each_event_as_it_happens(own_night):
    journal = Journal(own_night)
    journal.acquire()
    command = [sys.executable, "-m", "tui.cli", "--journal", str(own_night), "--lines"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env) as process:
        first = process.stdout.readline()
        reading = iter(process.stdout.readline, "")
        next(line for line in reading if line.startswith("#7"))

        journal.append(experiment_stream(nights.TAG, 12), [nights.finished(12, 1, 1.47)])
        told = next(reading)
        process.send_signal(signal.SIGINT)
    journal.close()

    assert first.startswith("nov20: ")
    assert "#12 run 1 measured 1.4700" in told
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
    ask = f"source completion; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
    ask += f"$(complete -p ar-tui | sed 's/.*-F //; s/ .*//') ar-tui {words[-1]} {words[-2]}; echo ${{COMPREPLY[@]}}"

    answer = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, cwd=tmp_path, check=True)

    assert answer.stdout.split() == [completed]
    assert answer.stderr == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_told_every_option(shell):
    script = ar_tui("--show-completion", shell).stdout

    assert all(option in script for option in ("journal", "at", "replay", "readonly", "theme"))


def test_the_documented_keys_are_the_table_of_keys():
    assert (ROOT / "docs" / "keys.md").read_text(encoding="utf-8") == markdown()


def test_every_action_is_documented():
    assert all(f"{one.help}" in markdown() for one in KEYS)


@pytest.mark.parametrize("theme", ["terminal", "light"])
def test_a_picture_shows_what_the_screen_shows(theatre, theme):
    picture = svg(theatre.frame(), theme=theme)

    assert picture.startswith("<svg ")
    assert "halve the batch" in picture
    assert "<script" not in picture


def test_the_command_takes_a_picture(night, tmp_path):
    done = ar_tui("--journal", night, "--picture", tmp_path / "night.svg", "--size", "100x30", "--screen", "history")

    assert (done.returncode, done.stderr) == (0, "")
    assert "cool down over 60 % of the time" in (tmp_path / "night.svg").read_text(encoding="utf-8")
