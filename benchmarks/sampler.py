"""How soon each proposer finds what there is to find, on simulated objectives.

    python benchmarks/sampler.py [--seeds 20] [--experiments 100] [--json]

Four families of objectives over the same 14 knobs, each drawn anew per seed: `bowl` (separable in the logarithm of each
knob, half of the knobs nearly inert), `valley` (the same, rotated, so that knobs interact), `tuned` (a start at which
somebody has tuned before: little is left, and a doubling overshoots) and `budget` (a scaling law under
a fixed time budget: a larger model sees fewer tokens, the best rate depends on width and batch; too much memory or too high
a rate crashes). Every measurement carries noise, and every proposer is judged as the loop judges, by its default rule.

The sampler is also measured with priors for every knob, each from one simulated run of its largest step down and up: `priors`
are those of the objective itself, `other priors` those of another seed, and `reversed priors` have the opposite sign, as if the
measurements had been of another world. Wrong priors must cost little.

Reported per family, as medians over seeds: the share of the attainable gain that the incumbent truly has after 8, 25 and 100
experiments; how many experiments it takes to reach half of it; and how many of the nights have a keep within the first eight.
"""

import argparse
import json
import math
import random
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from journal.changes.python_knobs import knobs
from journal.changes.signature import signature
from journal.events import (
    Change,
    ChangeCommitted,
    Event,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentKept,
    IdeaProposed,
    SessionStarted,
)
from journal.events.recorded import Recorded
from journal.projections.state import State
from loop.contracts import Prior, Proposal, Proposer, Request
from loop.errors import ProposerFailure
from loop.keep_rule import Decision, Evidence, KeepRule, Noise, apply_rule, needs_incumbent_rerun

FILE = """\
DEPTH = 4  # layers [1..32]
WIDTH = 128  # multiple of 32 [32..2048]
BATCH = 16  # sequences [1..1024]
MATRIX_LR = 0.02  # [0.0005..0.5]
EMBED_LR = 0.3  # [0.005..10]
HEAD_LR = 0.004  # [0.0001..0.2]
MOMENTUM = 0.95  # [0.5..0.999]
BETA2 = 0.95  # [0.5..0.9999]
WEIGHT_DECAY = 0.1  # [0..1]
WARMUP = 0.0  # share [0..0.5]
WARMDOWN = 0.5  # share [0..1]
MLP_RATIO = 4.0  # [0.5..8]
ROPE_BASE = 10000.0  # [100..1000000]
ADAM_EPS = 1e-10  # [1e-12..1e-3]
"""
START: Mapping[str, float] = {knob.name: float(knob.value) for knob in knobs("train.py", FILE)}  # type: ignore[arg-type]
RANGES = {knob.name: (knob.range.low or 0.0, knob.range.high or 1.0) for knob in knobs("train.py", FILE)}
WHOLE = ("DEPTH", "WIDTH", "BATCH")
SHARES = ("WEIGHT_DECAY", "WARMUP", "WARMDOWN")
RATES = ("MOMENTUM", "BETA2")
SIGMA = 0.002
RULE = KeepRule(direction="minimize", k=1.8, reruns=3)  # the defaults of a brief
KNOWN = Noise(sigma=SIGMA, dof=8)

Point = Mapping[str, float]
Objective = Callable[[Point], float | None]  # None: it crashes


def coordinate(name: str, x: float) -> float:
    """A knob's value on the scale on which steps are alike: doublings, or tenths of a share."""
    if name in SHARES:
        return 8 * math.sqrt(max(x, 0.0))
    if name in RATES:
        return -math.log2(max(1 - x, 1e-6))
    return math.log2(max(x, 1e-13))


def bowl(generator: random.Random, *, rotated: bool = False) -> Objective:
    offsets = {name: generator.gauss(0, 0.9) for name in START}
    curves = {name: 0.006 * math.exp(generator.gauss(-1.2, 1.3)) for name in START}
    names = list(START)
    pairs = [tuple(generator.sample(names, 2)) for _ in range(6)] if rotated else []
    couplings = [(a, b, generator.uniform(-0.8, 0.8) * math.sqrt(curves[a] * curves[b])) for a, b in pairs]

    def measure(point: Point) -> float:
        apart = {n: coordinate(n, point[n]) - coordinate(n, START[n]) - offsets[n] for n in names}
        value = 1.0 + sum(curves[n] * apart[n] ** 2 / (1 + 0.1 * abs(apart[n])) for n in names)
        return value + sum(c * max(-3, min(3, apart[a])) * max(-3, min(3, apart[b])) for a, b, c in couplings)

    return measure


def tuned(generator: random.Random) -> Objective:
    offsets = {name: generator.gauss(0, 0.4) for name in START}
    curves = {name: SIGMA * math.exp(generator.gauss(0.3, 1.2)) for name in START}

    def measure(point: Point) -> float:
        apart = {n: coordinate(n, point[n]) - coordinate(n, START[n]) - offsets[n] for n in START}
        return 1.0 + sum(curves[n] * apart[n] ** 2 / (1 + 0.1 * abs(apart[n])) for n in START)

    return measure


def budget(generator: random.Random) -> Objective:
    speed = math.exp(generator.gauss(0, 0.5))
    matrix, embed, head = (math.exp(generator.gauss(0, 0.6)) for _ in range(3))
    warmdown, momentum, decay = generator.uniform(0.3, 0.95), generator.uniform(3.5, 5.5), generator.uniform(0, 0.3)

    def measure(point: Point) -> float | None:
        depth, width, batch = point["DEPTH"], point["WIDTH"], point["BATCH"]
        parameters = depth * width**2 * (4 + 2 * point["MLP_RATIO"])
        tokens = 2.5e11 * speed / (parameters + 3e5) / (1 + 6 / batch)
        steps = tokens / (batch * 128)
        best_lr = 0.03 * matrix * (128 / width) ** 0.5 * (batch / 16) ** 0.5
        high = math.log2(point["MATRIX_LR"] / best_lr)
        if high > 2.5 or depth * width * batch > 4 * 6 * 128 * 64 or steps < 20:
            return None
        loss = 1.2 + 0.9 * (parameters / 1e5) ** -0.12 + 0.9 * (tokens / 1e5) ** -0.2 + 2.2 * steps**-0.7
        loss += 0.012 * high**2 + 0.006 * math.log2(point["EMBED_LR"] / 0.3 / embed) ** 2
        loss += 0.003 * math.log2(point["HEAD_LR"] / 0.004 / head) ** 2 + 0.08 * (point["WARMDOWN"] - warmdown) ** 2
        loss += 0.004 * (coordinate("MOMENTUM", point["MOMENTUM"]) - momentum) ** 2
        loss += 0.02 * (point["WEIGHT_DECAY"] - decay) ** 2 + 0.3 * max(0.0, point["WARMUP"] - 0.05) ** 2
        return loss + 0.001 * (coordinate("BETA2", point["BETA2"]) - 4.5) ** 2

    return measure


FAMILIES: Mapping[str, Callable[[random.Random], Objective]] = {
    "bowl": bowl,
    "valley": lambda generator: bowl(generator, rotated=True),
    "tuned": tuned,
    "budget": budget,
}


def attainable(objective: Objective) -> float:
    """The best of a long coordinate descent without noise, from the start: what one-factor and joint moves could reach."""
    best, value = dict(START), objective(START)
    assert value is not None
    for _ in range(8):
        for name in START:
            low, high = RANGES[name]
            for share in range(61):
                x = (
                    low + (high - low) * share / 60
                    if name in SHARES + RATES
                    else max(low, 1e-12) * (high / max(low, 1e-12)) ** (share / 60)
                )
                found = objective({**best, name: float(round(x)) if name in WHOLE else x})
                if found is not None and found < value:
                    value, best[name] = found, float(round(x)) if name in WHOLE else x
    return value


# --- the proposers: each is a generator that is sent what came of its last point ----------------------------------------


@dataclass(frozen=True)
class Told:
    measured: float | None
    kept: bool


Search = Iterator[Point]


def uniform(name: str, generator: random.Random) -> float:
    low, high = RANGES[name]
    if name in SHARES:
        return generator.uniform(low, high)
    if name in RATES:
        return 1 - 2 ** -generator.uniform(-math.log2(1 - low), -math.log2(1 - high))
    x = 2 ** generator.uniform(math.log2(low), math.log2(high))
    return float(round(x)) if name in WHOLE else x


class Random:
    """Every knob anew each time."""

    def __init__(self, seed: int) -> None:
        self.generator = random.Random(seed)

    def ask(self, incumbent: Point) -> Point:
        del incumbent
        return {name: uniform(name, self.generator) for name in START}

    def tell(self, point: Point, told: Told) -> None: ...


class Grid:
    """A grid around the start: each knob at half, as it is and double, combinations in a shuffled order."""

    def __init__(self, seed: int) -> None:
        self.generator = random.Random(seed)

    def ask(self, incumbent: Point) -> Point:
        del incumbent
        return {name: scaled(name, x, self.generator.choice((0.5, 1.0, 2.0))) for name, x in START.items()}

    def tell(self, point: Point, told: Told) -> None: ...


class Sweep:
    """One knob after the other, its ladder from the incumbent in order, then again."""

    def __init__(self, seed: int) -> None:
        names = list(START)
        random.Random(seed).shuffle(names)
        self.plan = [(name, factor) for factor in (0.5, 2.0, 0.67, 1.5, 0.8, 1.25) for name in names]
        self.at = 0

    def ask(self, incumbent: Point) -> Point:
        name, factor = self.plan[self.at % len(self.plan)]
        self.at += 1
        return {**incumbent, name: scaled(name, incumbent[name], factor)}

    def tell(self, point: Point, told: Told) -> None: ...


def scaled(name: str, x: float, factor: float) -> float:
    low, high = RANGES[name]
    moved = 1 - (1 - x) * factor if name in RATES else (x * factor if x else 0.05 * (factor - 1))
    moved = max(low, min(high, moved))
    return float(max(1, round(moved))) if name in WHOLE else moved


class Tpe:
    """Optuna's TPE over the whole ranges, the start as its first trial, crashes as worst seen plus a margin."""

    def __init__(self, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, multivariate=False))
        self.study.enqueue_trial(dict(START))
        self.worst = 1.0
        self.trial = self.study.ask()
        self._suggest()
        self.study.tell(self.trial, 2.0)
        self.first = True

    def _suggest(self) -> dict[str, float]:
        point = {}
        for name, (low, high) in RANGES.items():
            if name in WHOLE:
                point[name] = float(self.trial.suggest_int(name, int(low), int(high), log=True))
            else:
                point[name] = self.trial.suggest_float(name, low, high, log=low > 0 and name not in RATES)
        return point

    def ask(self, incumbent: Point) -> Point:
        del incumbent
        self.trial = self.study.ask()
        return self._suggest()

    def tell(self, point: Point, told: Told) -> None:
        del point
        self.worst = max(self.worst, told.measured or 0.0)
        self.study.tell(self.trial, self.worst + 0.1 if told.measured is None else told.measured)


class Ladder:
    """One-factor steps as the sampler makes them, drawn evenly, without memory."""

    def __init__(self, seed: int) -> None:
        self.generator = random.Random(seed)

    def ask(self, incumbent: Point) -> Point:
        from loop.proposers.sampler.steps import movable

        found = movable(knobs("train.py", written(incumbent)))
        moves = [step for steps in found.values() for step in steps]
        step = self.generator.choice(moves)
        return {**incumbent, step.knob.name: float(step.value)}

    def tell(self, point: Point, told: Told) -> None: ...


def written(point: Point) -> str:
    lines = []
    for line in FILE.splitlines():
        name, _, rest = line.partition(" = ")
        comment = rest.partition("  #")[2]
        x = point[name]
        lines.append(f"{name} = {int(x) if name in WHOLE else repr(float(x))}  #{comment}")
    return "\n".join(lines) + "\n"


class Through:
    """A proposer of the loop, fed through events as in a night."""

    def __init__(self, proposer: Proposer, seed: int, priors: Mapping[str, list[Prior]] | None = None) -> None:
        self.proposer = proposer
        self.priors = priors or {}
        self.state = State()
        self.session = f"night-{seed}"
        self.number = 0
        self.position = 0
        self.files = {"train.py": FILE}
        self.parent = "c0"
        self.text = FILE
        self.add(
            SessionStarted(session=self.session, brief="", brief_hash="", config={}, base="c0", start="c0", branch="b")
        )

    def add(self, *events: Event) -> None:
        for event in events:
            self.position += 1
            self.state.apply(Recorded(self.position, "2026-01-01T00:00:00+00:00", "s", 1, event, ""))

    def commit(self) -> str:
        """The name of the present experiment's commit."""
        return f"c{self.number}"

    def request(self) -> Request:
        self.number += 1
        return Request(
            session=self.session,
            experiment=self.number,
            attempt=1,
            parent=self.parent,
            files=self.files,
            state=self.state,
            priors=self.priors,
        )

    def record(self, proposal: Proposal) -> Change:
        """Append what the loop appends when a proposal has passed the gate."""
        self.text = proposal.files["train.py"]
        change = signature(self.files, {**self.files, **proposal.files})
        self.add(
            IdeaProposed(
                session=self.session, experiment=self.number, idea=proposal.idea, parent=self.parent, diff="",
                change=change, proposer="sampler", retry_of=proposal.retry_of,
            ),
            ChangeCommitted(
                session=self.session, experiment=self.number, commit=self.commit(), parent=self.parent,
                files=("train.py",), lines_added=1, lines_removed=1,
            ),
        )  # fmt: skip
        return change

    def ask(self, incumbent: Point) -> Point:
        del incumbent
        self.record(self.proposer.propose(self.request()))
        return {knob.name: float(knob.value) for knob in knobs("train.py", self.text)}  # type: ignore[arg-type]

    def tell(self, point: Point, told: Told, gain: float | None = None) -> None:
        del point
        common = {"session": self.session, "experiment": self.number, "reason": ""}
        if told.measured is None:
            self.add(ExperimentCrashed(**common))
        elif told.kept:
            self.files, self.parent = {"train.py": self.text}, self.commit()
            self.add(ExperimentKept(**common, commit=self.parent, metric=told.measured, gain_sigma=gain))
        else:
            self.add(ExperimentDiscarded(**common, metric=told.measured, gain_sigma=gain, delta=-(gain or 0.0)))


# --- a night -------------------------------------------------------------------------------------------------------------


def night(objective: Objective, search: object, *, seed: int, experiments: int) -> list[float]:
    """The incumbent's true value after each experiment, judged as the loop judges, re-runs of borderline gains included."""
    noise = random.Random(f"noise/{seed}")
    incumbent: Point = START
    true = objective(START)
    assert true is not None
    standing = [true + noise.gauss(0, SIGMA) for _ in range(3)]
    values = []
    for _ in range(experiments):
        try:
            point = search.ask(incumbent)  # type: ignore[attr-defined]
        except ProposerFailure:
            values.append(true)
            continue
        found = objective(point)
        decision = None if found is None else judged(found, true, standing, noise)
        told = Told(decision.metric if decision else None, decision is not None and decision.action == "keep")
        if isinstance(search, Through):
            search.tell(point, told, decision.gain_sigma if decision else None)
        else:
            search.tell(point, told)  # type: ignore[attr-defined]
        if told.kept:
            assert found is not None
            assert told.measured is not None
            incumbent, true, standing = point, found, [told.measured]
        values.append(true)
    return values


def judged(found: float, true: float, standing: list[float], noise: random.Random) -> Decision:
    """The verdict on a true value `found` against the incumbent's, whose runs so far are `standing`."""
    runs = [found + noise.gauss(0, SIGMA)]
    for pairs in range(RULE.reruns + 1):
        decision = apply_rule(Evidence(candidate=runs, incumbent=standing, noise=KNOWN, pairs=pairs), RULE)
        if decision.action != "rerun":
            break
        runs.append(found + noise.gauss(0, SIGMA))
        if needs_incumbent_rerun(len(runs), len(standing)):
            standing.append(true + noise.gauss(0, SIGMA))
    return decision


def priors_of(objective: Objective, seed: int, *, sign: float = 1.0) -> Mapping[str, list[Prior]]:
    """What a run of each knob's outermost steps would have measured, times `sign`; nothing of a step that crashes."""
    from loop.proposers.sampler.steps import movable

    noise = random.Random(f"priors/{seed}")
    found: dict[str, list[Prior]] = {}
    for name, steps in movable(knobs("train.py", FILE)).items():
        ordered = sorted(float(step.value) for step in steps)
        for value in {ordered[0], ordered[-1]}:
            start, end = objective(START), objective({**START, name: value})
            if start is not None and end is not None:
                gain = sign * ((start - end) / SIGMA + noise.gauss(0, math.sqrt(2)))
                found.setdefault(name, []).append(Prior(START[name], value, gain, math.sqrt(2)))
    return found


def proposers(family: str) -> Mapping[str, Callable[[int, Objective], object]]:
    from loop.proposers.sampler.sampler import Sampler

    def other(seed: int) -> Objective:
        return FAMILIES[family](random.Random(f"{family}/other/{seed}"))

    found: dict[str, Callable[[int, Objective], object]] = {
        "random": lambda seed, _: Random(seed),
        "grid": lambda seed, _: Grid(seed),
        "one knob after the other": lambda seed, _: Sweep(seed),
        "one factor, no memory": lambda seed, _: Ladder(seed),
        "sampler": lambda seed, _: Through(Sampler(), seed),
        "sampler, priors": lambda seed, objective: Through(Sampler(), seed, priors_of(objective, seed)),
        "sampler, other priors": lambda seed, _: Through(Sampler(), seed, priors_of(other(seed), seed)),
        "sampler, reversed priors": lambda seed, objective: Through(
            Sampler(), seed, priors_of(objective, seed, sign=-1)
        ),
    }
    try:
        import optuna  # noqa: F401
    except ImportError:
        print("Optuna is not installed (pip install optuna): TPE is left out", file=sys.stderr)
    else:
        found["tpe"] = lambda seed, _: Tpe(seed)
    return found


def study(family: str, *, seeds: int, first: int, experiments: int, only: str | None) -> Iterator[dict[str, object]]:
    objectives = [(seed, FAMILIES[family](random.Random(f"{family}/{seed}"))) for seed in range(first, first + seeds)]
    bests = {seed: attainable(objective) for seed, objective in objectives}
    for name, make in proposers(family).items():
        if only and only not in name:
            continue
        shares: list[list[float]] = []
        for seed, objective in objectives:
            start = objective(START)
            assert start is not None
            values = night(objective, make(seed, objective), seed=seed, experiments=experiments)
            shares.append([(start - value) / (start - bests[seed]) for value in values])
        half = [next((i for i, s in enumerate(share, 1) if s >= 0.5), math.inf) for share in shares]
        yield {
            "family": family,
            "proposer": name,
            **{f"after_{n}": statistics.median(share[n - 1] for share in shares) for n in (8, 25, experiments)},
            "mean_25": statistics.mean(share[24] for share in shares),
            "to_half": statistics.median(half),
            "reached_half": sum(map(math.isfinite, half)) / seeds,
            "keep_in_8": sum(share[7] != 0 for share in shares) / seeds,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed; 1000 and up were used for tuning")
    parser.add_argument("--experiments", type=int, default=100)
    parser.add_argument("--only", help="a proposer by part of its name")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = [
        row
        for family in FAMILIES
        for row in study(
            family, seeds=arguments.seeds, first=arguments.first, experiments=arguments.experiments, only=arguments.only
        )
    ]
    if arguments.json:
        print(json.dumps(rows))
        return
    columns = list(rows[0])
    print("  ".join(f"{column:>12}" for column in columns))
    for row in rows:
        print("  ".join(f"{v:>12.2f}" if isinstance(v, float) else f"{v!s:>12}" for v in row.values()))


if __name__ == "__main__":
    main()
