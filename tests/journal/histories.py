"""Nights as lists of events, with ideas of character, and journals that hold them."""

import contextlib
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from journal.events import (
    Change,
    ChangeCommitted,
    ChangeReverted,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentKept,
    IdeaProposed,
    IdeaRefused,
    KnobMove,
    NoiseMeasured,
    ProposerFailed,
    RunFailed,
    RunFinished,
    RunStarted,
    SessionEnded,
    SessionStarted,
    Usage,
    experiment_stream,
    session_stream,
)
from journal.events.recorded import Recorded
from journal.store import Journal

MEMORY = Path("/dev/shm")
TAG = "nov20"
COMMITS = [f"{number:x}" * 40 for number in range(10)]
TRACE = "Traceback (most recent call last):\n  File 'gpt/train.py', line 88\ntorch.OutOfMemoryError: CUDA out of memory"


def ticking(start: datetime = datetime(2026, 11, 20, 23, tzinfo=UTC), step: timedelta = timedelta(seconds=60)):
    """A clock that moves on by one step each time it is read."""
    moments = iter(start + step * tick for tick in range(10**9))
    return lambda: next(moments)


def started(**facts):
    defaults = {
        "session": TAG, "brief": "Goal: lower val_bpb", "brief_hash": "b" * 64, "base": COMMITS[9], "start": COMMITS[0],
        "config": {"goal": "lower val_bpb", "metric": "val_bpb", "direction": "minimize"},
        "branch": "autoresearch/nov20", "host": "hut", "device": "cpu",
    }  # fmt: skip
    return SessionStarted(**defaults | facts)


def proposed(experiment, idea, **facts):
    defaults = {
        "session": TAG, "experiment": experiment, "idea": idea, "hypothesis": "more steps in the same time", "kind": "knob",
        "parent": COMMITS[0], "diff": f"-BATCH = 16\n+BATCH = {experiment}\n", "proposer": "sampler",
        "change": Change(program="p" * 64, change="c" * 64, knobs=(KnobMove("BATCH", "16", str(experiment)),)),
        "usage": Usage(tokens_in=100, tokens_out=10, calls=1, dollars=0.01, seconds=2.0),
    }  # fmt: skip
    return IdeaProposed(**defaults | facts)


def trained(experiment, commit, metric, *, run=1, purpose="candidate"):
    facts = {"session": TAG, "experiment": experiment, "run": run, "seed": 1336 + run, "purpose": purpose}
    return [
        RunStarted(**facts, commit=commit, budget=20.0),
        RunFinished(**facts, metric=metric, trust="measured", train_seconds=20.0, wall_seconds=25.0, peak_memory=2**30),
    ]


def committed(experiment, commit, parent):
    return ChangeCommitted(
        session=TAG,
        experiment=experiment,
        commit=commit,
        parent=parent,
        files=("gpt/train.py",),
        lines_added=1,
        lines_removed=1,
    )


def night():
    """A session of four experiments: baseline, a keep, a discard, a crash; as (stream, events)."""
    kept = ExperimentKept(
        session=TAG, experiment=1, commit=COMMITS[1], metric=1.48, incumbent=1.5, delta=-0.02, sigma=0.005, gain_sigma=4.0,
        rule="gain > 2σ√2", reason="better by four σ", anchor="",
    )  # fmt: skip
    discarded = ExperimentDiscarded(
        session=TAG,
        experiment=2,
        metric=1.479,
        incumbent=1.48,
        delta=-0.001,
        sigma=0.005,
        gain_sigma=0.2,
        reason="within noise",
    )
    refused = IdeaRefused(
        session=TAG, experiment=3, attempt=1, rule="same change", reason="as #1", matched=1, score=1.0
    )
    failed = RunFailed(
        session=TAG,
        experiment=3,
        run=1,
        kind="oom",
        reason="out of memory",
        signature="OutOfMemoryError",
        trace=TRACE,
        exit_code=1,
    )
    noise = NoiseMeasured(session=TAG, experiment=0, sigma=0.005, mean=1.5, replicates=3, values=(1.495, 1.5, 1.505))
    unreachable = ProposerFailed(session=TAG, experiment=3, proposer="claude", kind="network", reason="no route")
    return [
        (session_stream(TAG), [started()]),
        (
            experiment_stream(TAG, 0),
            [proposed(0, "baseline", kind="baseline"), *trained(0, COMMITS[0], 1.5, purpose="baseline")],
        ),
        (session_stream(TAG), [noise]),
        (
            experiment_stream(TAG, 0),
            [ExperimentKept(session=TAG, experiment=0, commit=COMMITS[0], metric=1.5, reason="baseline")],
        ),
        (experiment_stream(TAG, 1), [proposed(1, "halve the batch"), committed(1, COMMITS[1], COMMITS[0])]),
        (experiment_stream(TAG, 1), [*trained(1, COMMITS[1], 1.48), kept]),
        (
            experiment_stream(TAG, 2),
            [proposed(2, "swap in GeLU", parent=COMMITS[1]), committed(2, COMMITS[2], COMMITS[1])],
        ),
        (experiment_stream(TAG, 2), [*trained(2, COMMITS[2], 1.479), discarded]),
        (
            experiment_stream(TAG, 2),
            [ChangeReverted(session=TAG, experiment=2, commit=COMMITS[2], branch_at=COMMITS[1])],
        ),
        (experiment_stream(TAG, 3), [unreachable, proposed(3, "halve the batch again", parent=COMMITS[1]), refused]),
        (experiment_stream(TAG, 3), [proposed(3, "double the width", parent=COMMITS[1], attempt=2)]),
        (experiment_stream(TAG, 3), [committed(3, COMMITS[3], COMMITS[1]), trained(3, COMMITS[3], 0.0)[0], failed]),
        (experiment_stream(TAG, 3), [ExperimentCrashed(session=TAG, experiment=3, reason="out of memory")]),
        (session_stream(TAG), [SessionEnded(session=TAG, reason="3 experiments done")]),
    ]


def placed_at(position, time):
    """An event at a place and a time of day."""
    return Recorded(position, f"2026-11-20T{time}:00+00:00", "s", position, started(), "")


def write(path, history=None):
    """A journal that holds a history (the night by default); returns its path, closed."""
    journal = Journal(path, clock=ticking())
    journal.acquire()
    for stream, events in history or night():
        journal.append(stream, events)
    journal.close()
    return path


@contextlib.contextmanager
def in_memory(history=()):
    """A journal with the lease in a folder that is backed by memory, where there is such."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        journal = Journal(Path(name) / "journal.db", clock=ticking())
        journal.acquire()
        for event in history:
            journal.append("s", [event])
        yield journal
        journal.close()
