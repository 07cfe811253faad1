"""Edited training code that wants a better number without a better model. None may gain.

Each attack is a real edit of a real `train.py`, committed, run and scored by the real `gpt/evaluate.py` (the tensor
library alone is a stand-in, for speed). The controls at the end show that the attacks are real: where nothing holds the
run, they win.

What remains possible, and is found by people: a model made for this validation text by somebody who knows it; the slack
of the clock (`loop.runs.time_budget`); signals between the scorer's two model processes through locks on shared read-only files or
through the load of one machine; copies of the text in libraries that the training may read.
"""

import pytest
from arena import Arena
from attacks import CONSPIRE, FOLDERS, FUTURE, NO_GAIN, NOT_A_NUMBER, TRAIN_WHILE_SCORED, VALIDATION, WARM_START

from journal.events import RunFailed, RunFinished
from loop.contracts import BaselineTimes
from loop.runs.sandbox import bubblewrap

pytestmark = pytest.mark.skipif(not bubblewrap.is_available(), reason=str(bubblewrap.unavailable_reason()))

BASELINE = BaselineTimes(
    startup=0.1, training=0.1, wall=0.2, cpu=0.2
)  # of a machine faster than any, so that limits are short
SLOW_START = BaselineTimes(startup=10.0, training=0.1, wall=10.1, cpu=0.2)


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    return Arena(tmp_path_factory.mktemp("arena") / "project", sandbox="required")


@pytest.fixture(scope="module")
def gpu_arena(tmp_path_factory):
    """Held as on a GPU, where the wall clock is strict."""
    return Arena(tmp_path_factory.mktemp("gpu") / "project", sandbox="required", device="cuda:0")


@pytest.fixture(scope="module")
def honest(arena):
    outcome = arena.run()
    assert isinstance(outcome, RunFinished), outcome
    return outcome.metric


ROUNDING = 1e-4  # bits a byte; of the correction for what a model gains by looking ahead


def gained(outcome, honest):
    return isinstance(outcome, RunFinished) and outcome.metric < honest - ROUNDING


@pytest.mark.parametrize("attack", NO_GAIN)
def test_no_attack_gains(attack, arena, honest):
    outcome = arena.run(**NO_GAIN[attack])

    assert not gained(outcome, honest), outcome
    assert arena.left_behind() == []
    assert arena.git("status", "--porcelain") == ""


def test_a_model_that_looks_at_the_future_is_rejected(arena):
    outcome = arena.run(model=FUTURE)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "tampered"
    assert "causal" in outcome.reason


def test_two_model_processes_find_no_place_to_agree_on_a_future(arena):
    outcome = arena.run(model=CONSPIRE)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "tampered"


def test_logits_that_are_no_numbers_are_a_failure_of_their_own(arena):
    outcome = arena.run(model=NOT_A_NUMBER)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "nan"


def test_nothing_learned_in_one_run_is_found_by_the_next(arena, honest):
    first = arena.run(seed=2, learn=WARM_START.replace("FOLDERS", FOLDERS))

    second = arena.run(seed=1, learn=WARM_START.replace("FOLDERS", FOLDERS))

    assert isinstance(first, RunFinished)
    assert second.metric == honest


def test_on_a_gpu_training_before_the_clock_starts_is_ended(gpu_arena):
    outcome = gpu_arena.run(baseline_times=BASELINE, before="while True: count(tokens, size)")

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "timeout"
    assert "did not report its start" in outcome.reason


def test_on_a_gpu_training_beyond_the_budget_is_ended_whatever_it_claims(gpu_arena):
    longer = 'tell(event="finished", train_seconds=0.2)\nwhile True: count(tokens, size)'

    outcome = gpu_arena.run(baseline_times=SLOW_START, learn=longer)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "timeout"
    assert "budget" in outcome.reason
    assert outcome.train_seconds > 0.6


@pytest.mark.parametrize("marker", ["before", "learn"])
def test_on_processors_more_work_than_the_unchanged_code_did_does_not_count(marker, arena):
    outcome = arena.run(baseline_times=BASELINE, **{marker: "while time.process_time() < 2.6: count(tokens, size)"})

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "timeout"
    assert "processor time" in outcome.reason


@pytest.mark.parametrize(("seconds", "is_scored"), [("0.01", True), ("1.5", False)])
def test_a_model_that_trains_while_it_is_scored_is_seen_by_its_time(arena, seconds, is_scored):
    baseline = arena.run().guards["scoring"]
    times = BaselineTimes(startup=0.1, training=5, wall=10, cpu=5, scoring=baseline)

    outcome = arena.run(baseline_times=times, model=TRAIN_WHILE_SCORED.replace("SECONDS", seconds))

    assert isinstance(outcome, RunFinished) == is_scored, outcome
    assert is_scored or "while they were scored" in outcome.reason


def test_a_locked_file_that_differs_is_not_even_run(arena):
    scorer = arena.root / "gpt" / "evaluate.py"
    before = scorer.read_text()
    scorer.write_text('print("val_bpb: 0.001")\n')

    outcome = arena.make(arena.commit(arena.honest))

    scorer.write_text(before)
    arena.commit(arena.honest)
    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "tampered"
    assert "gpt/evaluate.py" in outcome.reason


@pytest.fixture(scope="module")
def open_arena(tmp_path_factory):
    return Arena(tmp_path_factory.mktemp("open") / "project", sandbox="none")


def test_without_a_sandbox_the_validation_text_is_there_to_be_trained_on(open_arena, honest):
    outcome = open_arena.run(learn=VALIDATION)

    assert gained(outcome, honest)


def test_without_a_sandbox_the_next_run_finds_what_the_last_one_learned(open_arena, honest):
    open_arena.run(seed=2, learn=WARM_START.replace("FOLDERS", '["../.."]'))

    outcome = open_arena.run(seed=1, learn=WARM_START.replace("FOLDERS", '["../.."]'))

    assert gained(outcome, honest)


def test_without_a_sandbox_two_model_processes_agree_on_a_future(open_arena, honest):
    outcome = open_arena.run(model=CONSPIRE.replace('"/dev/shm", "/var/tmp", ', ""))

    assert gained(outcome, honest)
