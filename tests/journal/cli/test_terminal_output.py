"""On a terminal no text of a journal controls it; a pipe gets the data as it is."""

import os
import pty
import re
import subprocess
import sys

import pytest
from histories import TAG, night, proposed, started, write

from journal.console.text import strip_controls
from journal.events import RunFailed, RunStarted, experiment_stream, session_stream

EVIL = "halve \x1b]0;owned\x07\x1b[2J\x9b31m \u202ebatch \U000e0068\U000e0069 the\u200b end"
OURS = re.compile(r"\x1b\[\d+m")  # colours of whole lines
NAME = 'AS "a\x1b[2Jb"'
RUN = [sys.executable, "-c", "import sys; sys.argv[0] = 'ar-journal'; from journal.console.entry import main; main()"]


@pytest.fixture
def hostile(path):
    failed = [
        RunStarted(session=TAG, experiment=1, run=1, seed=0, commit="c" * 40, budget=1.0),
        RunFailed(session=TAG, experiment=1, run=1, kind="crash", reason=EVIL, signature=EVIL, trace=EVIL),
    ]
    return write(
        path,
        [
            (session_stream(TAG), [started(config={"goal": EVIL, "metric": EVIL})]),
            (
                experiment_stream(TAG, 1),
                [proposed(1, EVIL, hypothesis=EVIL, diff=f"-{EVIL}\n+{EVIL}\n", model=EVIL), *failed],
            ),
        ],
    )


def on_terminal(path, *arguments):
    """What a terminal is sent."""
    terminal, inside = pty.openpty()
    environ = os.environ | {"AR_JOURNAL": str(path), "TERM": "xterm"}
    process = subprocess.Popen([*RUN, *arguments], stdin=subprocess.DEVNULL, stdout=inside, stderr=inside, env=environ)
    os.close(inside)
    sent = b"".join(iter(lambda: chunk(terminal), b""))
    process.wait(timeout=30)
    os.close(terminal)
    return sent.decode().replace("\r\n", "\n")


def chunk(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the program has ended
        return b""


def in_pipe(path, *arguments):
    environ = os.environ | {"AR_JOURNAL": str(path)}
    return subprocess.run(
        [*RUN, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environ
    ).stdout


COMMANDS = [
    ["log"],
    ["log", "--json"],
    ["show", "1"],
    ["show", "1", "--json"],
    ["diff", "1"],
    ["failures"],
    ["failures", "halve"],
    ["similar", "halve"],
    ["memory"],
    ["cost"],
    ["replay"],
    ["replay", "--state", "4"],
    ["report"],
    ["export"],
    ["export", "--as", "results"],
    ["export", "--as", "iterations"],
    *(["export", "--view", "ideas", "--format", form] for form in ("csv", "tsv", "json")),
    *(["sql", f"SELECT idea {NAME} FROM ideas", "--format", form] for form in ("table", "csv", "tsv", "json")),
    ["sql", f"SELECT '{EVIL}' FROM moon"],
    ["show", "1", "--session", EVIL],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(map(ascii, arguments)))
def test_no_command_lets_the_journal_control_the_terminal(hostile, arguments):
    sent = OURS.sub("", on_terminal(hostile, *arguments))

    assert "halve" in sent or "a" in sent
    assert sent == strip_controls(sent)


@pytest.mark.parametrize(
    "arguments",
    [["diff", "1"], ["sql", f"SELECT idea {NAME} FROM ideas", "--format", "csv"], ["export", "--view", "ideas"]],
    ids=["diff", "sql", "export"],
)
def test_control_the_pipe_gets_what_would_control_a_terminal(hostile, arguments):
    assert EVIL.encode() in in_pipe(hostile, *arguments)


def test_colours_are_only_those_of_the_program(path):
    write(path, night())

    sent = on_terminal(path, "log")

    assert set(OURS.findall(sent)) == {"\x1b[31m", "\x1b[32m", "\x1b[0m"}
    assert "\x1b" not in in_pipe(path, "log").decode()
