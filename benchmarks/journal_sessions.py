"""Long nights for the journal's benchmarks: believable events, as many as wanted, always the same."""

import random
from collections.abc import Iterator

from journal.events import (
    Change,
    ChangeCommitted,
    ChangeReverted,
    Event,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentKept,
    IdeaProposed,
    KnobMove,
    RunFailed,
    RunFinished,
    RunLaunched,
    RunStarted,
    SessionStarted,
    Usage,
    experiment_stream,
    session_stream,
)

TAG = "long"
PER_EXPERIMENT = 7  # events of one experiment, about
KNOBS = [
    "DEPTH",
    "WIDTH",
    "BATCH",
    "MATRIX_LR",
    "EMBEDDING_LR",
    "WARMUP",
    "COOLDOWN",
    "WEIGHT_DECAY",
    "ROPE_BASE",
    "CONTEXT",
    "HEADS",
    "WINDOW",
]
VERBS = ["halve", "double", "raise", "lower", "warm", "cool", "widen", "narrow", "deepen", "shorten", "swap", "drop"]
TRACE = 'Traceback (most recent call last):\n  File "gpt/train.py", line 412, in <module>\nRuntimeError: {}'
ERRORS = ("CUDA out of memory", "mat1 and mat2 shapes cannot be multiplied", "loss is nan", "index out of range")
DIFF = (
    "--- a/gpt/train.py\n+++ b/gpt/train.py\n@@ -{0},3 +{0},3 @@\n # optimizer\n-{1} = {2}\n+{1} = {3}\n SEED = 1337\n"
)


def night(experiments: int, *, seed: int = 0) -> Iterator[tuple[str, list[Event]]]:
    """(stream, events) of one session, step by step as the loop appends them."""
    chance = random.Random(seed)
    incumbent, commit = 1.0, _hash(chance)
    yield (
        session_stream(TAG),
        [
            SessionStarted(
                session=TAG, brief="Goal: lower val_bpb", brief_hash=_hash(chance), base=commit, start=commit,
                config={"goal": "lower val_bpb", "metric": "val_bpb", "direction": "minimize"}, branch=f"autoresearch/{TAG}",
            )
        ],
    )  # fmt: skip
    for number in range(1, experiments + 1):
        stream, candidate = experiment_stream(TAG, number), _hash(chance)
        metric = incumbent + chance.gauss(0.002, 0.004)
        kept = metric < incumbent - 0.006
        yield stream, [_idea(number, commit, chance)]
        yield stream, [_committed(number, candidate, commit)]
        yield stream, [_run(number, candidate)]
        yield (
            stream,
            [RunLaunched(session=TAG, experiment=number, run=1, pid=number, pid_started=number, boot="b", folder="f")],
        )
        if chance.random() < 0.08:
            outcome, verdict = _failed(number, chance), _crashed(number, incumbent)
        else:
            outcome = _finished(number, metric)
            verdict = _judged(number, candidate, metric, incumbent, kept=kept)
        yield stream, [outcome]
        yield stream, [verdict]
        if kept:
            incumbent, commit = metric, candidate
        else:
            yield stream, [ChangeReverted(session=TAG, experiment=number, commit=candidate, branch_at=commit)]


def _hash(chance: random.Random) -> str:
    return f"{chance.getrandbits(160):040x}"


def _idea(number: int, parent: str, chance: random.Random) -> IdeaProposed:
    knob, old, new = chance.choice(KNOBS), str(chance.randint(1, 64)), str(chance.randint(1, 64))
    return IdeaProposed(
        session=TAG, experiment=number, idea=f"{chance.choice(VERBS)} {knob} from {old} to {new}",
        hypothesis="the loss still falls steeply at the end of the budget", kind="knob", parent=parent,
        diff=DIFF.format(chance.randint(10, 600), knob, old, new), proposer="claude", model="claude-opus-5-5",
        change=Change(program=_hash(chance), change=_hash(chance), knobs=(KnobMove(knob, old, new),)),
        usage=Usage(tokens_in=900, tokens_out=400, tokens_cache_read=6_000, calls=1, dollars=0.02, seconds=9.0),
    )  # fmt: skip


def _committed(number: int, commit: str, parent: str) -> ChangeCommitted:
    return ChangeCommitted(
        session=TAG,
        experiment=number,
        commit=commit,
        parent=parent,
        files=("gpt/train.py",),
        lines_added=1,
        lines_removed=1,
    )


def _run(number: int, commit: str) -> RunStarted:
    return RunStarted(session=TAG, experiment=number, run=1, seed=number, commit=commit, budget=300.0, device="cuda")


def _finished(number: int, metric: float) -> RunFinished:
    return RunFinished(
        session=TAG, experiment=number, run=1, seed=number, metric=metric, trust="measured", train_seconds=300.0,
        wall_seconds=325.0, tokens=10_000_000, steps=1_000, peak_memory=40 * 2**30,
    )  # fmt: skip


def _failed(number: int, chance: random.Random) -> RunFailed:
    error = chance.choice(ERRORS)
    return RunFailed(
        session=TAG,
        experiment=number,
        run=1,
        kind="crash",
        reason=error,
        signature=error,
        trace=TRACE.format(error),
        wall_seconds=20,
    )


def _judged(number: int, commit: str, metric: float, incumbent: float, *, kept: bool) -> Event:
    facts = {
        "session": TAG, "experiment": number, "metric": metric, "incumbent": incumbent, "delta": metric - incumbent,
        "sigma": 0.002, "gain_sigma": (incumbent - metric) / 0.002, "rule": "gain > 2σ√2",
    }  # fmt: skip
    if kept:
        return ExperimentKept(**facts, commit=commit, reason="better than the incumbent by more than the noise")
    return ExperimentDiscarded(**facts, reason="not better than the incumbent by more than the noise")


def _crashed(number: int, incumbent: float) -> Event:
    return ExperimentCrashed(
        session=TAG, experiment=number, incumbent=incumbent, reason="the run ended without a metric"
    )
