"""What people ask of a running loop, answered in the journal."""

import json
import signal
import subprocess

import pytest
from toys import BRIEF, Project

from journal.events import (
    DirectionAdded,
    PauseRequested,
    RequestWithdrawn,
    ResumeRequested,
    SessionStarted,
    SkipRequested,
    StopRequested,
    VetoAcknowledged,
    VetoRequested,
    control_stream,
    session_stream,
)
from journal.store import Journal
from journal.store.intents import add_direction, post
from loop.runtime.control import NOTED, POLL_SECONDS, Control, RequestedState
from loop.runtime.session_journal import SessionJournal

ME = {"session": "night", "author": "ada@here", "channel": "test"}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path):
    journal = Journal(path)
    journal.acquire()
    start = SessionStarted(session="night", brief="", brief_hash="", config={}, base="b", start="b", branch="n")
    journal.append(session_stream("night"), [start])
    yield SessionJournal(journal, "night")
    journal.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def control(journal, clock):
    return Control(journal, monotonic=clock)


def outcomes(journal: SessionJournal) -> list[str]:
    return [recorded.event.message() for recorded in journal.session_history()[1:]]


def test_every_request_is_answered_once(path, journal, control):
    for event in (
        PauseRequested(**ME),
        ResumeRequested(**ME),
        SkipRequested(**ME, experiment=3),
        StopRequested(**ME),
    ):
        post(path, event)
    add_direction(path, session="night", text="narrower", author="ada@here", channel="test")

    control.answer(3)
    control.answer(3)

    assert outcomes(journal) == [
        "pausing after the experiment in flight", "resumed", "skipped", "stopping after the experiment in flight", NOTED,
    ]  # fmt: skip
    assert journal.requests == {}


def test_what_moves_the_branch_waits_for_the_end_of_the_experiment(path, journal, control):
    post(path, VetoRequested(**ME, experiment=1))

    control.answer(3)
    control.answer_earlier()

    assert outcomes(journal) == []
    assert len(journal.requests) == 1


@pytest.mark.parametrize(
    ("requests", "state"),
    [
        ([PauseRequested(**ME)], RequestedState.PAUSE),
        ([PauseRequested(**ME), ResumeRequested(**ME)], RequestedState.GO),
        ([StopRequested(**ME)], RequestedState.STOP),
        ([StopRequested(**ME), ResumeRequested(**ME)], RequestedState.STOP),
        ([StopRequested(**ME), PauseRequested(**ME)], RequestedState.STOP),
    ],
)
def test_the_last_wish_holds_and_a_stop_is_final(path, journal, control, requests, state):
    for event in requests:
        post(path, event)

    control.answer()

    assert control.requested is state


def test_a_stop_now_is_not_softened_by_a_later_stop(path, control):
    post(path, StopRequested(**ME, now=True))
    post(path, StopRequested(**ME))

    assert control.poll(1) is None or control.poll(1) == "interrupt"
    assert control.ends_now


def test_the_journal_is_looked_at_twice_a_second_while_a_run_trains(path, journal, control, clock):
    control.poll(1)
    post(path, PauseRequested(**ME))

    clock.now += POLL_SECONDS / 2
    control.poll(1)
    early = outcomes(journal)
    clock.now += POLL_SECONDS / 2
    control.poll(1)

    assert early == []
    assert outcomes(journal) == ["pausing after the experiment in flight"]


def test_a_skip_ends_the_experiment_it_names_and_no_other(path, journal, control, clock):
    post(path, SkipRequested(**ME, experiment=2))
    control.answer(2)

    assert (control.poll(2), control.poll(3)) == ("skip", None)


@pytest.mark.parametrize(("number", "in_flight"), [(1, 2), (5, 2), (0, 0), (1, None)])
def test_a_skip_that_cannot_be_done_is_refused_and_skips_nothing_later(path, journal, control, number, in_flight):
    post(path, SkipRequested(**ME, experiment=number))

    control.answer(in_flight)

    assert outcomes(journal)[0].startswith("not done")
    assert control.poll(number) is None


def test_what_was_asked_of_a_loop_that_has_ended_is_not_done_by_the_next(path, journal):
    post(path, StopRequested(**ME))
    post(path, PauseRequested(**ME))
    add_direction(path, session="night", text="narrower", author="ada@here", channel="test")
    journal.catch_up()
    control = Control(journal)

    control.answer_earlier()

    assert control.requested is RequestedState.GO
    assert outcomes(journal) == ["not done: no loop was running"] * 2 + [NOTED]


def test_a_request_that_is_withdrawn_before_the_loop_reads_it_is_not_done(path, journal, control):
    pause = post(path, PauseRequested(**ME))
    post(path, RequestWithdrawn(**ME, request=pause.position))

    control.answer(3)

    assert control.requested is RequestedState.GO
    assert outcomes(journal) == ["not done: withdrawn by ada@here", "withdrawn"]
    assert journal.requests == {}


def test_a_veto_that_waits_for_the_end_of_an_experiment_can_be_withdrawn_meanwhile(path, journal, control):
    veto = post(path, VetoRequested(**ME, experiment=1))
    control.answer(3)
    waiting = dict(journal.requests)
    post(path, RequestWithdrawn(**ME, request=veto.position))

    control.answer(3)

    assert list(waiting) == [veto.position]
    assert outcomes(journal) == ["not done: withdrawn by ada@here", "withdrawn"]
    assert journal.requests == {}


def test_what_the_loop_has_answered_cannot_be_withdrawn(path, journal, control):
    pause = post(path, PauseRequested(**ME))
    control.answer(3)
    post(path, RequestWithdrawn(**ME, request=pause.position))

    control.answer(3)

    assert control.requested is RequestedState.PAUSE
    assert outcomes(journal)[1:] == ["not done: the loop had answered the request before"]


def test_a_direction_is_not_withdrawn_by_its_position(path, journal, control):
    direction = add_direction(path, session="night", text="narrower", author="ada@here", channel="test")
    post(path, RequestWithdrawn(**ME, request=direction.position))

    control.answer(3)

    assert outcomes(journal) == [
        "not done: a direction is withdrawn by its number, and a withdrawal cannot be withdrawn",
        NOTED,
    ]


def test_requests_to_another_session_are_none_of_ours(path, journal, control):
    post(path, StopRequested(session="another", author="a", channel="c"))

    control.answer()

    assert control.requested is RequestedState.GO
    assert outcomes(journal) == []


def test_ctrl_c_ends_the_run_in_flight_without_asking_the_journal(journal, control):
    control.interrupt()

    assert control.poll(1) == "interrupt"


# --- the same by command -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """A project with a session and no loop on it."""
    project = Project(tmp_path_factory.mktemp("still") / "toy")
    project.loop("run", "--experiments", "0", "--tag", "night")
    return project


@pytest.mark.parametrize("command", [["pause"], ["skip"], ["stop", "--now"]])
def test_a_command_to_a_loop_that_does_not_run_says_so(still, command):
    before = still.events()

    done = still.loop(*command)

    assert done.returncode == 1
    assert "No loop runs on" in done.stderr
    assert still.events() == before


def test_a_direction_waits_for_the_next_loop(still):
    done = still.loop("direct", "narrower first")
    still.loop("run", "--experiments", "1")

    answer, note = done.stderr.splitlines()
    assert (done.returncode, answer) == (0, "kept for the next run of the loop")
    assert note.startswith("note: no model reads this direction, because the built-in sampler proposes")
    assert [event.text for event in still.of(DirectionAdded)] == ["narrower first"]
    assert "narrower first" in still.brief.read_text()
    assert [recorded.stream for recorded in still.recorded() if isinstance(recorded.event, DirectionAdded)] == [
        control_stream("night")
    ]


def test_without_an_open_request_there_is_nothing_to_withdraw(still):
    done = still.loop("withdraw")

    assert done.returncode == 1
    assert "there is none to withdraw" in done.stderr


def test_a_request_that_no_loop_has_read_is_withdrawn_by_the_command(tmp_path):
    project = Project(tmp_path / "toy")
    project.loop("run", "--experiments", "0", "--tag", "night")
    veto = post(project.journal, VetoRequested(**ME, experiment=1))

    done = project.loop("withdraw")
    project.loop("run", "--experiments", "0")

    answers = [event.message() for event in project.of(VetoAcknowledged)]
    assert (done.returncode, done.stderr.strip()) == (0, "kept for the next run of the loop")
    assert [event.request for event in project.of(RequestWithdrawn)] == [veto.position]
    assert answers == [f"not done: withdrawn by {project.of(RequestWithdrawn)[0].author}"]


def test_a_direction_to_a_session_that_has_ended_is_refused_and_says_where_it_belongs(tmp_path):
    project = Project(tmp_path / "toy", brief=BRIEF.replace("scope:", "experiments: 0\nscope:"))
    project.loop("run", "--tag", "night")

    done = project.loop("direct", "narrower first")

    assert done.returncode == 2
    assert "Session night has ended" in done.stderr
    assert "write the direction into the brief" in done.stderr
    assert project.of(DirectionAdded) == []


@pytest.mark.parametrize("text", ["   ", "x" * 2_001])
def test_a_direction_without_words_or_with_too_many_is_bad_input(project, text):
    done = project.loop("direct", text)

    assert done.returncode == 2
    assert "A direction has 1 to 2000 characters" in done.stderr


@pytest.mark.parametrize("command", [["pause"], ["direct", "x"]])
def test_a_command_without_a_journal_is_bad_input(tmp_path, command):
    done = Project(tmp_path / "toy").loop(*command)

    assert done.returncode == 2
    assert "There is no journal at" in done.stderr
    assert not (tmp_path / "toy" / ".ar").exists()


def test_a_watched_status_is_told_again_when_something_happens_and_ends_with_ctrl_c(still):
    watch = still.start("status", "--watch", "--json", stdout=subprocess.PIPE, text=True)
    first = json.loads(watch.stdout.readline())

    add_direction(still.journal, session="night", text="wider", author="ada@here", channel="test")
    second = json.loads(watch.stdout.readline())
    watch.send_signal(signal.SIGINT)

    assert second["position"] == first["position"] + 1
    assert watch.wait(timeout=20) == 130
    watch.stdout.close()
