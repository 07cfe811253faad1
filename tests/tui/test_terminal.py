"""The command in a real terminal: bytes, signals, and the terminal as it was found."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
import sessions
from terminal import Terminal

from journal.events import experiment_stream
from journal.store import Journal, Reader

AR_TUI = [sys.executable, "-m", "tui.cli", "--journal"]
FIRST_PAINT, EVENT, IN_FLIGHT = 20_000, 2_000, 1_000  # bytes at 120 × 40
WAL = 200_000  # bytes from which the writer empties its log
LAST = "ZZZZ§ZZZZ§ZZZZ"  # an idea that shares no cell with any other


@pytest.fixture
def screen(shared_journal, tmp_path):
    """`ar-tui` at 80 × 24 on a journal without a loop, once it has drawn."""
    with Terminal([*AR_TUI, str(shared_journal)], env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.until_shown("1 live")
        yield terminal


@pytest.fixture
def beside(own_journal, tmp_path):
    """A journal that a loop holds, and `ar-tui` on it at 120 × 40, once it has drawn a run in flight and fallen silent."""
    journal = Journal(own_journal, wal_bytes=WAL)
    journal.acquire()
    with Terminal([*AR_TUI, str(own_journal)], size=(120, 40), env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.until_shown("training #12")
        terminal.quiet(0.5)
        yield journal, terminal
    journal.close()


def go_on(journal, numbers):
    """Whole experiments, one after the other, while nobody reads the terminal."""
    for number in numbers:
        events = sessions.experiment(number, sessions.IDEAS[1], best=1.5, parent=0)
        journal.append(experiment_stream(sessions.TAG, number), events)
    last = (LAST, "", "knob", None, None)
    journal.append(experiment_stream(sessions.TAG, numbers.stop), [sessions.proposed(numbers.stop, last)])


def restored(terminal):
    """Whether the terminal is as it was: alternate screen left, caret shown, paste brackets and wrapping back, modes back."""
    return (
        terminal.attributes() == terminal.before
        and terminal.output.rfind(b"\x1b[?1049l") > terminal.output.rfind(b"\x1b[?1049h")
        and terminal.output.rfind(b"\x1b[?25h") > terminal.output.rfind(b"\x1b[?25l")
        and terminal.output.rfind(b"\x1b[?2004l") > terminal.output.rfind(b"\x1b[?2004h")
        and terminal.output.rfind(b"\x1b[?7h") > terminal.output.rfind(b"\x1b[?7l")
    )


def test_q_leaves_the_terminal_as_it_was(screen):
    screen.send("q")

    assert screen.wait() == 0
    assert restored(screen)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129), (signal.SIGQUIT, 131), (signal.SIGUSR1, 138)],
)
def test_a_signal_leaves_the_terminal_as_it_was(screen, number, code):
    screen.signal(number)

    assert screen.wait() == code
    assert restored(screen)


def test_a_lost_connection_ends_the_program(screen):
    screen.hang_up()

    assert _code(screen) != 0  # 129 in good order; writing to what is gone may end it first


def _code(terminal):
    """The exit code of a program whose terminal can no longer be read."""
    terminal.code = os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1])
    return terminal.code


def test_suspended_it_gives_the_terminal_back_and_takes_it_again(screen):
    screen.signal(signal.SIGTSTP)
    screen.until(lambda output: b"\x1b[?1049l" in output and restored(screen))
    assert os.WIFSTOPPED(os.waitpid(screen.pid, os.WUNTRACED)[1])  # as a shell waits before it lets go on

    mark = len(screen.output)
    screen.signal(signal.SIGCONT)
    screen.until_shown("1 live", after=mark)
    screen.send("q")

    assert screen.wait() == 0
    assert restored(screen)


def test_mouse_tracking_is_off_unless_asked_for(screen):
    assert b"\x1b[?1000h" not in screen.output


def test_a_resized_terminal_is_drawn_anew(screen):
    mark = len(screen.output)

    screen.resize(100, 30)

    screen.until_shown("trained", after=mark)  # a column that 80 have no room for


def test_first_paint_and_idling_keep_to_their_bytes(shared_journal, tmp_path):
    with Terminal([*AR_TUI, str(shared_journal)], size=(120, 40), env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.until_shown("loop not running")
        terminal.quiet()
        first = len(terminal.output)

        terminal.send("2")
        terminal.until_shown("2 history", after=first)
        terminal.quiet()
        idle = terminal.read(1.2)

    assert first < FIRST_PAINT
    assert len(idle) < 200  # the clock in the header, while a run is in flight


def test_one_event_keeps_to_its_bytes(beside):
    journal, terminal = beside
    mark = len(terminal.output)

    journal.append(experiment_stream(sessions.TAG, 12), [sessions.finished(12, 1, 1.47)])
    terminal.until_shown("judging", after=mark)
    terminal.quiet()

    assert len(terminal.output) - mark < EVENT


def test_a_run_in_flight_keeps_to_its_bytes(beside):
    journal, terminal = beside
    mark = len(terminal.output)

    journal.add_samples(sessions.samples(12, 1, until=12)[-1:])
    terminal.until_shown("60%", after=mark)
    terminal.quiet()

    assert len(terminal.output) - mark < IN_FLIGHT


def test_hostile_bytes_of_a_journal_never_reach_the_terminal(tmp_path):
    path = tmp_path / "journal.db"
    journal = Journal(path, clock=sessions.Clock())
    journal.acquire()
    idea = ("\x1b]52;c;cm0=\x07\x1b[2Jowned", "\x9b31m\x1b[6n", "knob", None, 0.0)
    journal.restore(
        sessions.rows_of([(experiment_stream(sessions.TAG, 1), [sessions.started(), sessions.proposed(1, idea)])])
    )
    journal.close()

    with Terminal([*AR_TUI, str(path)], env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.until_shown("owned")
        terminal.send("23")
        terminal.until_shown("3 experiment")
        terminal.send("q")
        terminal.wait()

    assert b"\x1b]52" not in terminal.output
    assert b"\x1b[2J" not in terminal.output
    assert b"\x1b[6n" not in terminal.output
    assert b"\xc2\x9b" not in terminal.output


@pytest.mark.parametrize(
    ("env", "ascii_only"),
    [({"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, True), ({}, False)],
)
def test_a_locale_without_unicode_gets_ascii(shared_journal, tmp_path, env, ascii_only):
    with Terminal([*AR_TUI, str(shared_journal)], env={"XDG_STATE_HOME": str(tmp_path), **env}) as terminal:
        terminal.until_shown("1 live")

        assert terminal.text().isascii() is ascii_only


def test_no_color_paints_no_colour(shared_journal, tmp_path):
    with Terminal([*AR_TUI, str(shared_journal)], env={"XDG_STATE_HOME": str(tmp_path), "NO_COLOR": "1"}) as terminal:
        terminal.until_shown("1 live")

        colours = {code for codes in _sgr(terminal.output) for code in codes} - {b"", b"0", b"1", b"7", b"39", b"49"}
        assert colours == set()


def _sgr(output):
    import re

    return [match.split(b";") for match in re.findall(rb"\x1b\[([0-9;]*)m", output)]


def test_left_open_while_five_thousand_events_arrive_it_lets_the_log_be_emptied(beside, own_journal):
    journal, terminal = beside
    wal = own_journal.with_name("journal.db-wal")
    begun = journal.head()[0]

    sizes = [go_on(journal, range(first, first + 60)) or wal.stat().st_size for first in range(13, 793, 61)]
    terminal.until_shown(LAST)

    assert journal.head()[0] - begun > 5_000
    assert max(*sizes, wal.stat().st_size) < 2 * WAL


def test_a_link_that_hangs_catches_up_with_the_latest_alone(beside):
    journal, terminal = beside
    mark = len(terminal.output)

    go_on(journal, range(13, 113))
    terminal.until_shown(LAST, after=mark)

    assert len(terminal.output) - mark < 40_000


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux_it_draws_at_80_by_24_and_leaves_a_clean_pane(shared_journal, tmp_path):
    socket = f"ar-tui-{os.getpid()}"
    tmux = ["tmux", "-L", socket, "-f", "/dev/null"]
    command = f"XDG_STATE_HOME={tmp_path} {' '.join(AR_TUI)} {shared_journal}; echo left with $?; sleep 60"
    env = {**os.environ, "LANG": "C.UTF-8"}
    try:
        subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", command], check=True, env=env)
        drawn = _pane(tmux, "1 live")
        subprocess.run([*tmux, "send-keys", "q"], check=True)
        left = _pane(tmux, "left with 0")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)

    assert "halve the batch" in drawn
    assert left.strip() == "left with 0"


def _pane(tmux, wanted):
    """The pane's text, once it shows what is wanted."""
    import time

    end = time.monotonic() + 15
    while True:
        text = subprocess.run([*tmux, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout
        if wanted in text or time.monotonic() > end:
            return text
        time.sleep(0.05)


def test_it_posts_nothing_when_text_without_brackets_is_pasted(own_journal, tmp_path):
    with Terminal([*AR_TUI, str(own_journal)], env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.until_shown("1 live")

        terminal.send("pYsYXY\x1b[200~pYsY\x1b[201~SY" * 20)
        terminal.quiet()
        terminal.send("q")
        terminal.wait()

    assert not [one for one in Reader(own_journal).read() if one.stream.startswith("control/")]


def test_with_a_bell_a_keep_rings_and_sets_the_title_which_is_put_back(own_journal, tmp_path):
    journal = Journal(own_journal)
    journal.acquire()
    argv = [*AR_TUI, str(own_journal), "--bell"]

    with Terminal(argv, env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.until_shown("training #12")
        kept = sessions.experiment(12, sessions.IDEAS[0], best=1.4755, parent=8)[4:]
        journal.append(experiment_stream(sessions.TAG, 12), kept)
        terminal.until(lambda output: b"\x1b]2;nov20 #12 kept" in output)
        terminal.send("q")
        terminal.wait()
    journal.close()

    assert b"\a\x1b]2;nov20 #12 kept: 1.4443" in terminal.output
    assert terminal.output.count(b"\x1b[22;2t") == terminal.output.count(b"\x1b[23;2t") == 1


def test_control_without_a_bell_nothing_rings(beside):
    journal, terminal = beside

    journal.append(
        experiment_stream(sessions.TAG, 12), sessions.experiment(12, sessions.IDEAS[0], best=1.4755, parent=8)[4:]
    )
    terminal.until_shown("1.4443")

    assert b"\a\x1b]2;" not in terminal.output
    assert b"\x1b[22;2t" not in terminal.output
