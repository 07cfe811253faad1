"""`ar-loop wait`: what it waits for, when it gives up, and how it says so."""

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest
import typer
from toys import BRIEF, SPEAKING, Project

from journal.events import (
    Change,
    ExperimentDiscarded,
    ExperimentKept,
    IdeaProposed,
    SessionEnded,
    SessionPaused,
    SessionStarted,
    experiment_stream,
    session_stream,
)
from journal.store import Journal
from loop.cli.wait import Target, parse_target, wait
from loop.errors import BadInput

TAG = "night"
START = SessionStarted(session=TAG, brief="", brief_hash="", config={}, base="b", start="b", branch="n")
ENDED = SessionEnded(session=TAG, reason="the target is reached")
PAUSED = SessionPaused(session=TAG, reason="paused by a person")
KEPT = ExperimentKept(session=TAG, experiment=1, commit="c", metric=0.5, reason="clear")
BASELINE = ExperimentKept(session=TAG, experiment=0, commit="b", metric=0.6, reason="baseline")
DISCARDED = ExperimentDiscarded(session=TAG, experiment=1, metric=0.7, reason="the gain is within the noise")


def idea(number: int) -> IdeaProposed:
    change = Change(program="", change="")
    return IdeaProposed(
        session=TAG, experiment=number, idea="halve the batch", kind="knob", parent="b", diff="", change=change,
        proposer="sampler",
    )  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def begin(path: Path) -> Journal:
    """A loop at work on experiment 1, as far as its journal and its lease tell."""
    journal = Journal(path)
    journal.acquire()
    journal.append(session_stream(TAG), [START])
    journal.append(experiment_stream(TAG, 0), [idea(0), BASELINE])
    journal.append(experiment_stream(TAG, 1), [idea(1)])
    return journal


@pytest.fixture
def loop(path):
    with closing(begin(path)) as journal:
        yield journal


def answer(capsys, **options) -> tuple[int, dict]:
    """The exit code and the JSON of the command."""
    code = 0
    try:
        wait(as_json=True, **options)
    except typer.Exit as ended:
        code = ended.exit_code
    return code, json.loads(capsys.readouterr().out)


def test_the_verdict_of_an_experiment_ends_the_wait_at_once_if_it_is_there(path, loop, capsys):
    loop.append(experiment_stream(TAG, 1), [DISCARDED])

    code, data = answer(capsys, until="1", journal=path)

    assert (code, data["done"], data["experiment"], data["for"]) == (0, True, 1, "1")
    assert data["outcome"] == "Experiment 1 has its verdict, discard: the gain is within the noise"


def test_a_verdict_that_comes_during_the_wait_ends_it(path, loop, capsys):
    commit = threading.Timer(0.3, lambda: loop.append(experiment_stream(TAG, 1), [DISCARDED]))
    commit.start()

    code, data = answer(capsys, until="1", journal=path, timeout="20s")
    commit.join()

    assert (code, data["done"]) == (0, True)


def test_a_keep_before_the_wait_counts_only_after_a_position_before_it(path, loop, capsys):
    before = loop.head()[0]
    loop.append(experiment_stream(TAG, 1), [KEPT])

    from_now = answer(capsys, until="keep", journal=path, timeout="0.1s")
    from_then = answer(capsys, until="keep", journal=path, timeout="0.1s", after=before)

    assert (from_now[0], from_now[1]["outcome"]) == (1, "Within 0.1s nothing was kept.")
    assert (from_then[0], from_then[1]["outcome"]) == (0, "Experiment 1 was kept: halve the batch")


def test_the_baseline_is_no_keep(path, loop, capsys):
    code, data = answer(capsys, until="keep", journal=path, timeout="0.1s", after=0)

    assert (code, data["done"], data["experiment"]) == (1, False, None)


def test_a_loop_that_still_runs_has_not_ended_even_if_its_session_is_paused(path, loop, capsys):
    loop.append(session_stream(TAG), [PAUSED])

    code, data = answer(capsys, journal=path, timeout="0.1s")

    assert (code, data["running"]) == (1, True)
    assert data["outcome"] == "Within 0.1s the loop of session night has not ended."


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        (ENDED, "Session night has ended: the target is reached."),
        (PAUSED, "Session night is paused and no loop runs: paused by a person."),
    ],
)
def test_a_session_that_its_loop_ended_or_paused_is_the_end_once_the_loop_is_gone(path, capsys, last, sentence):
    with closing(begin(path)) as loop:
        loop.append(session_stream(TAG), [last])

    code, data = answer(capsys, journal=path)

    assert (code, data["done"], data["running"], data["outcome"]) == (0, True, False, sentence)


def test_the_end_of_a_killed_loop_is_not_done(path, capsys):
    begin(path).close()

    code, data = answer(capsys, journal=path)

    assert (code, data["done"]) == (1, False)
    assert data["outcome"] == "The loop of session night did not end the session (killed?): `ar-loop run` continues it."


@pytest.mark.parametrize("until", ["keep", "1"])
def test_nothing_is_waited_for_that_no_loop_will_do(path, capsys, until):
    begin(path).close()

    code, data = answer(capsys, until=until, journal=path)

    assert code == 1
    assert data["outcome"] == (
        "No loop runs on session night, so nothing comes: continue it with `ar-loop run --tag night`."
    )


def test_a_person_reads_one_sentence(path, capsys):
    with closing(begin(path)) as loop:
        loop.append(session_stream(TAG), [ENDED])

    wait(journal=path)

    assert capsys.readouterr().out == "Session night has ended: the target is reached.\n"


@pytest.mark.parametrize(
    ("text", "target"), [("end", Target("end")), (" keep ", Target("keep")), ("0", Target("verdict", 0))]
)
def test_what_to_wait_for_is_keep_end_or_a_number(text, target):
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["", "ends", "-1", "1.5", "²", "9" * 5_000])
def test_anything_else_is_refused(text):
    with pytest.raises(BadInput, match="write keep, end, or the number of an experiment"):
        parse_target(text)


def test_a_timeout_that_is_no_time_is_refused(project):
    done = project.loop("wait", "--timeout", "soon")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: `--timeout` is `soon`: write a time such as 20s, 5m or 1h.\n"


def test_without_a_session_there_is_nothing_to_wait_for(project):
    done = project.loop("wait", "--for", "keep")

    assert done.returncode == 2
    assert "There is no journal at" in done.stderr


def test_a_detached_loop_says_as_json_where_it_runs_and_the_wait_ends_with_it(tmp_path):
    brief = BRIEF.replace("baseline_runs: 2", "baseline_runs: 1")
    project = Project(tmp_path / "toy", train=SPEAKING.replace("SECONDS", "0.5"), brief=brief)

    started = project.loop("run", "--detach", "--json", "--experiments", "1", "--tag", TAG)
    verdict = project.loop("wait", "--for", "1", "--timeout", "40s")
    end = project.loop("wait", "--timeout", "40s", "--json")

    place = json.loads(started.stdout)
    assert (started.returncode, verdict.returncode, end.returncode) == (0, 0, 0), verdict.stderr + end.stderr
    assert (place["session"], place["branch"]) == (TAG, "autoresearch/night")
    assert (place["log"], place["journal"]) == (str(project.root / ".ar" / "loop.log"), str(project.journal))
    assert place["pid"] == int(started.stderr.split("as process ")[1].split(",")[0])
    assert verdict.stdout.startswith("Experiment 1 has its verdict, ")
    assert json.loads(end.stdout)["running"] is False
