"""Realistic sessions, written as events into a real journal. As a script, writes a journal or runs a session live.

python tests/tui/sessions.py PATH                 a session with one experiment in flight
python tests/tui/sessions.py PATH --live          ... that goes on, with about one sample per second
python tests/tui/sessions.py PATH --count 100000  a long session
python tests/tui/sessions.py PATH --parallel      several experiments at once, on three GPUs
"""

import argparse
import math
import random
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import msgspec

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
    NoiseMeasured,
    RunFailed,
    RunFinished,
    RunLaunched,
    RunStarted,
    SessionStarted,
    Usage,
    experiment_stream,
    session_stream,
)
from journal.events.recorded import Sample
from journal.store import Journal
from journal.store.chain import GENESIS, link
from journal.store.codec import encode

TAG = "nov20"
SIGMA = 0.0052
BUDGET = 20.0
START = datetime(2026, 11, 20, 21, 14, 3, tzinfo=UTC)

IDEAS = (
    ("halve the batch", "more steps in the same time", "knob", ("DEVICE_BATCH", "16", "8"), -0.0312),
    ("swap in GeLU", "smoother gradients early", "architecture", None, 0.0081),
    ("raise the matrix learning rate", "the loss still falls steeply at the end", "knob", ("MATRIX_LR", "0.04", "0.05"), -0.0148),
    ("drop the value embeddings", "fewer parameters, more tokens", "simplify", None, 0.0917),
    ("depth 6 at the same width", "deeper helps at this scale", "knob", ("DEPTH", "4", "6"), None),
    ("warm up for 2 % instead of none", "the first steps spike", "schedule", ("WARMUP", "0.0", "0.02"), 0.0012),
    ("rope base 50,000", "longer wavelengths", "knob", ("ROPE_BASE", "10000", "50000"), -0.0009),
    ("cool down over 60 % of the time", "a longer tail anneals better", "schedule", ("COOLDOWN", "0.4", "0.6"), -0.0175),
    ("weight decay 0.1 on matrices", "a little regularisation", "optimizer", ("WEIGHT_DECAY", "0.0", "0.1"), 0.0034),
    ("context 512", "documents are longer than 256", "knob", ("CONTEXT", "256", "512"), None),
    ("untie the embeddings", "the head wants its own scale", "architecture", None, 0.0045),
)  # fmt: skip

TRACE = """Traceback (most recent call last):
  File "gpt/train.py", line 412, in <module>
    main()
  File "gpt/train.py", line 377, in main
    loss = model(tokens, targets)
RuntimeError: shape '[16, 256, 4, 10]' is invalid for input of size 262144
"""

DIFF = """--- a/gpt/train.py
+++ b/gpt/train.py
@@ -31,7 +31,7 @@
 WIDTH = 128
-{name} = {old}  # tuned at depth 4
+{name} = {new}  # tuned at depth 4
 HEADS = 4
"""


def started(tag: str = TAG) -> SessionStarted:
    return SessionStarted(
        session=tag,
        brief="# Lower val_bpb",
        brief_hash="b" * 64,
        config={"goal": "Lower val_bpb of a small GPT", "metric": "val_bpb", "direction": "minimize", "budget": BUDGET},
        base="a" * 40,
        start="c" * 40,
        branch=f"autoresearch/{tag}",
        profile="small",
        host="box",
        device="cpu",
    )


def commit_of(number: int) -> str:
    return f"{number * 2654435761 % 2**32:08x}" * 5


def proposed(number: int, idea: tuple, *, tag: str = TAG, parent: int = 0, proposer: str = "sampler") -> IdeaProposed:
    words, hypothesis, kind, knob, _ = idea
    moves = (KnobMove(*knob),) if knob else ()
    name, old, new = knob or ("ACTIVATION", '"relu2"', '"gelu"')
    return IdeaProposed(
        session=tag,
        experiment=number,
        idea=words,
        hypothesis=hypothesis,
        kind=kind,
        parent=commit_of(parent),
        diff=DIFF.format(name=name, old=old, new=new),
        change=Change(program=f"p{number}", change=f"c{number}", knobs=moves),
        proposer=proposer,
        usage=Usage(tokens_in=6900, tokens_out=400, dollars=0.021, seconds=9.5),
    )


def run_of(number: int, run: int, *, tag: str = TAG, purpose: str = "candidate") -> list[Event]:
    return [
        RunStarted(
            session=tag, experiment=number, run=run, seed=1000 + run, commit=commit_of(number), budget=BUDGET,
            device="cpu", isolation="limited", purpose=purpose,
        ),
        RunLaunched(session=tag, experiment=number, run=run, pid=4242, pid_started=1, boot="boot", folder="/runs/1"),
    ]  # fmt: skip


def finished(number: int, run: int, metric: float, *, tag: str = TAG, purpose: str = "candidate") -> RunFinished:
    return RunFinished(
        session=tag, experiment=number, run=run, seed=1000 + run, metric=metric, trust="measured", train_seconds=BUDGET,
        wall_seconds=BUDGET + 6, tokens=520_000, steps=254, peak_memory=412 * 2**20, purpose=purpose,
    )  # fmt: skip


def committed(number: int, *, parent: int = 0, tag: str = TAG) -> ChangeCommitted:
    return ChangeCommitted(
        session=tag, experiment=number, commit=commit_of(number), parent=commit_of(parent), files=("gpt/train.py",),
        lines_added=1, lines_removed=1,
    )  # fmt: skip


BASELINE = ("baseline", "", "baseline", None, 0.0)
VALUES = (1.5390, 1.5442, 1.5338)


def baseline(tag: str = TAG) -> list[Event]:
    """Experiment 0: three runs, the noise, the verdict."""
    events: list[Event] = [proposed(0, BASELINE, tag=tag, proposer="loop")]
    for run, value in enumerate(VALUES, start=1):
        events += [*run_of(0, run, tag=tag, purpose="baseline"), finished(0, run, value, tag=tag, purpose="baseline")]
    noise = NoiseMeasured(session=tag, experiment=0, sigma=SIGMA, mean=1.5390, replicates=3, values=VALUES)
    kept = ExperimentKept(
        session=tag, experiment=0, metric=1.5390, sigma=SIGMA, rule="baseline", reason="the first", commit=commit_of(0)
    )
    return [*events, noise, kept]


def experiment(number: int, idea: tuple, *, best: float, parent: int, tag: str = TAG) -> list[Event]:
    """A whole experiment, from proposal to verdict."""
    opening = [
        proposed(number, idea, tag=tag, parent=parent),
        committed(number, parent=parent, tag=tag),
        *run_of(number, 1, tag=tag),
    ]
    delta = idea[4]
    if delta is None:
        return [*opening, *crash(number, best=best, tag=tag)]
    metric = best + delta
    facts = {
        "session": tag, "experiment": number, "metric": metric, "incumbent": best, "delta": delta, "sigma": SIGMA,
        "gain_sigma": -delta / SIGMA, "rule": "gain > 1 sigma",
    }  # fmt: skip
    run_end = finished(number, 1, metric, tag=tag)
    if -delta > SIGMA:
        return [
            *opening,
            run_end,
            ExperimentKept(**facts, reason="the gain exceeds the noise", commit=commit_of(number)),
        ]
    reverted = ChangeReverted(session=tag, experiment=number, commit=commit_of(number), branch_at=commit_of(parent))
    return [*opening, run_end, ExperimentDiscarded(**facts, reason="no gain beyond the noise"), reverted]


def crash(number: int, *, best: float, tag: str = TAG) -> list[Event]:
    return [
        RunFailed(
            session=tag, experiment=number, run=1, kind="crash", reason="the training ended with exit code 1", exit_code=1,
            signature="RuntimeError: shape is invalid for input of size N", trace=TRACE, wall_seconds=3.1,
        ),
        ExperimentCrashed(session=tag, experiment=number, incumbent=best, rule="crash", reason="no run gave a metric"),
    ]  # fmt: skip


def history(count: int, *, tag: str = TAG, seed: int = 1) -> Iterator[list[Event]]:
    """Experiments 1 to `count`, each as its list of events."""
    random_ = random.Random(seed)
    best, parent = 1.5390, 0
    for number in range(1, count + 1):
        words, hypothesis, kind, knob, delta = IDEAS[(number - 1) % len(IDEAS)]
        if delta is not None and number > len(IDEAS):
            delta = (
                abs(random_.gauss(0.01, 0.02))
                if random_.random() > 0.03 / (number / 50 + 1)
                else -0.008 / (number / 30 + 1)
            )
        events = experiment(number, (words, hypothesis, kind, knob, delta), best=best, parent=parent, tag=tag)
        if isinstance(events[-1], ExperimentKept):
            best, parent = events[-1].metric, number
        yield events


class Clock:
    """A clock that advances at each reading."""

    def __init__(self, now: datetime = START, *, step: float = 4.0) -> None:
        self.now, self.step = now, step

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=self.step)
        return self.now


def samples(
    number: int, run: int, *, until: float = BUDGET, floor: float = 1.5, tag: str = TAG, seed: int = 0
) -> list[Sample]:
    """A falling loss, one point a second."""
    random_ = random.Random(number * 31 + run + seed)
    return [
        Sample(
            session=tag, experiment=number, run=run, step=int(second * 12.7), seconds=float(second), progress=second / BUDGET,
            loss=(floor * 2.2 + 5.2 * math.exp(-second / 3.5)) * (1 + random_.gauss(0, 0.012)), tokens=int(second * 26_000),
            tokens_per_second=26_000 + random_.gauss(0, 300), mfu=0.032, memory=412 * 2**20,
        )
        for second in range(1, int(until) + 1)
    ]  # fmt: skip


def write(
    path: Path, *, count: int = 11, in_flight: float | None = 11.0, clock: Clock | None = None, telemetry: bool = True
) -> Journal:
    """A journal with a baseline, `count` experiments and one that trains for `in_flight` seconds. This process holds the lease."""
    journal = Journal(path, clock=clock or Clock())
    journal.acquire()
    journal.append(session_stream(TAG), [started()])
    journal.append(experiment_stream(TAG, 0), baseline())
    for number, events in enumerate(history(count), start=1):
        journal.append(experiment_stream(TAG, number), events)
        if telemetry:
            journal.add_samples(samples(number, 1))
    if telemetry:
        journal.add_samples(samples(0, 1, floor=1.54))
    if in_flight is not None:
        start_experiment(journal, count + 1)
        journal.add_samples(samples(count + 1, 1, until=in_flight))
    return journal


def write_long(path: Path, *, count: int, clock: Clock | None = None) -> Journal:
    """The same with very many experiments, in one transaction and without telemetry. This process holds the lease."""
    clock = clock or Clock(step=1.0)
    journal = Journal(path, clock=clock)
    journal.acquire()
    journal.restore(_rows(count, clock))
    start_experiment(journal, count + 1)
    journal.add_samples(samples(count + 1, 1, until=11))
    return journal


def _rows(count: int, clock: Clock) -> Iterator[tuple]:
    steps = [(session_stream(TAG), [started()]), (experiment_stream(TAG, 0), baseline())]
    rest = ((experiment_stream(TAG, number), events) for number, events in enumerate(history(count), start=1))
    return rows_of(chain(steps, rest), clock=clock)


def rows_of(steps: Iterable[tuple[str, list[Event]]], *, clock: Clock | None = None) -> Iterator[tuple]:
    """Streams with their events as the stored rows of a new journal."""
    clock = clock or Clock()
    position, digest = 0, GENESIS
    for stream, events in steps:
        for version, event in enumerate(events, start=1):
            position += 1
            at = clock().isoformat(timespec="microseconds")
            fields = (position, at, stream, version, event.NAME, event.SCHEMA, None)
            payload = encode(event)
            digest = link(digest, fields, payload)
            yield (*fields, payload.decode(), digest)


# --- several experiments at once ---


def opening(number: int, idea: tuple, device: str, *, parent: int, **more: object) -> list[Event]:
    """Propose, commit and start an experiment on a device."""
    proposal = msgspec.structs.replace(proposed(number, idea, parent=parent), **more)
    return [proposal, committed(number, parent=parent), *on(device, run_of(number, 1))]


def on(device: str, events: list[Event]) -> list[Event]:
    return [msgspec.structs.replace(one, device=device) if isinstance(one, RunStarted) else one for one in events]


def parallel() -> list[Event]:
    """A session on three GPUs: verdicts in another order than proposals, one gain on a stale base and its retry, four in flight."""
    gelu, lr, shorter = IDEAS[1], IDEAS[2], IDEAS[0]
    first, second, third = (run_of(0, run, purpose="baseline") for run in (1, 2, 3))
    end = baseline()
    measured = [finished(0, run, VALUES[run - 1], purpose="baseline") for run in (2, 1, 3)]
    third_, lr_, again = (experiment(3, gelu, best=1.5078, parent=2), experiment(1, lr, best=1.539, parent=0),
                          experiment(4, lr, best=1.5078, parent=2))  # fmt: skip
    stale = ExperimentDiscarded(
        session=TAG, experiment=1, metric=1.5242, incumbent=1.539, delta=-0.0148, sigma=SIGMA, gain_sigma=2.8, rule="moved",
        reason="the gain exceeds the noise, on its parent; meanwhile experiment 2 became the incumbent: to be tried again on that",
    )  # fmt: skip
    return [
        started(), end[0], *on("cuda:0", first), *on("cuda:1", second), *on("cuda:2", third), *measured, *end[-2:],
        *opening(1, lr, "cuda:0", parent=0),
        *opening(2, shorter, "cuda:1", parent=0),
        *experiment(2, shorter, best=1.539, parent=0)[4:],
        *opening(3, gelu, "cuda:1", parent=2),
        lr_[4], stale, ChangeReverted(session=TAG, experiment=1, commit=commit_of(1), branch_at=commit_of(2)),
        *opening(4, lr, "cuda:0", parent=2, retry_of=1, retry_reason="base changed"),
        *again[4:],
        *opening(5, IDEAS[4], "cuda:2", parent=4),
        *third_[4:],
        *crash(5, best=1.493),
        *opening(6, IDEAS[5], "cuda:1", parent=4),
        *opening(7, IDEAS[6], "cuda:0", parent=4),
        *opening(8, IDEAS[7], "cuda:2", parent=4),
        *opening(9, IDEAS[8], "cuda:3", parent=4)[:2],
    ]  # fmt: skip


def write_parallel(path: Path, *, clock: Clock | None = None) -> Journal:
    """The same in a journal, with telemetry. This process holds the lease."""
    journal = Journal(path, clock=clock or Clock())
    journal.acquire()
    for event in parallel():
        number = getattr(event, "experiment", None)
        stream = session_stream(TAG) if number is None else experiment_stream(TAG, number)
        journal.append(stream, [event])
    for number, until in ((0, BUDGET), (1, BUDGET), (2, BUDGET), (3, BUDGET), (4, BUDGET), (6, 11.0), (7, 4.0)):
        journal.add_samples(samples(number, 1, until=until))
    return journal


def write_rerun(path: Path, *, purpose: str = "incumbent", until: float = 12.0) -> Journal:
    """Experiment 12 has measured a borderline gain, and its second run trains: the incumbent's, or its own again."""
    journal = write(path, in_flight=None)
    start_experiment(journal, 12)
    journal.add_samples(samples(12, 1))
    again = run_of(12, 2, purpose=purpose)
    journal.append(experiment_stream(TAG, 12), [finished(12, 1, 1.4701), *again])
    journal.add_samples(samples(12, 2, until=until))
    return journal


def start_experiment(journal: Journal, number: int, *, parent: int = 8) -> None:
    """Propose, commit and start an experiment."""
    idea = IDEAS[(number - 1) % len(IDEAS)]
    opening = [proposed(number, idea, parent=parent), committed(number, parent=parent), *run_of(number, 1)]
    journal.append(experiment_stream(TAG, number), opening)


def run_live(journal: Journal, number: int, *, pace: float = 1.0) -> None:
    """Run for ever: a sample per second, a verdict after each budget."""
    best, parent = 1.4755, 8
    while True:
        for sample in samples(number, 1, seed=number):
            time.sleep(pace)
            journal.add_samples([sample])
        events = experiment(number, IDEAS[(number - 1) % len(IDEAS)], best=best, parent=parent)[4:]
        journal.append(experiment_stream(TAG, number), events)
        time.sleep(pace)
        number += 1
        start_experiment(journal, number)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--count", type=int, default=11)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--parallel", action="store_true")
    options = parser.parse_args()
    if options.parallel:
        write_parallel(options.path, clock=Clock(datetime.now(UTC) - timedelta(seconds=59 * 4)))
        return
    if options.count > 500:
        write_long(options.path, count=options.count)
        return
    recent = Clock(datetime.now(UTC) - timedelta(seconds=70 * 4 + 40))
    journal = write(options.path, count=options.count, clock=recent, in_flight=None if options.live else 11.0)
    if options.live:
        journal.close()
        journal = Journal(options.path)
        journal.acquire()
        start_experiment(journal, options.count + 1)
        run_live(journal, options.count + 1, pace=options.pace)


if __name__ == "__main__":
    main()
