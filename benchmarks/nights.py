"""Whether the second session knows what the first one learned, on the simulated objectives of `sampler.py`.

    python benchmarks/nights.py [--seeds 6] [--first 0] [--only PART] [--json]

Four sessions of 25 experiments with the built-in sampler, each with a new tag:

- `alone`: each from the same HEAD, with a journal of its own;
- `head`: each from the same HEAD, with one journal;
- `onto`: each from the best commit so far (`ar-loop run --onto best`), with one journal;
- `one`: one session of 100 experiments.

Reported per family, as medians over seeds: the share of the attainable gain that the best incumbent so far truly has after each
session; and, as means over the experiments of the later sessions, `repeats`: the same program had failed in an earlier session,
and `known`: the same program was measured in an earlier session.

Then two sessions between which something changes. The second one starts from HEAD, with the first one's journal or with none:

- `edited`: a person has edited three of the 14 knobs of HEAD;
- `device`: another device class, on which the optimum of three knobs is shifted by a factor of 1.5.

Reported: the second session's share of the gain attainable from its own start after 8 and 25 experiments, with and without the
journal, and the ratio of the medians.
"""

import argparse
import json
import random
import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sampler import (
    FAMILIES,
    FILE,
    SIGMA,
    START,
    WHOLE,
    Objective,
    Point,
    Through,
    Told,
    attainable,
    coordinate,
    judged,
    scaled,
    written,
)

from journal.changes.signature import baseline_change
from journal.events import ExperimentKept, IdeaProposed, SessionStarted
from journal.projections.state import State
from loop.errors import ProposerFailure
from loop.proposers.sampler.sampler import Sampler

SESSIONS, LENGTH = 4, 25
SAME = 0.02  # of a doubling: two points this near in every knob are one program
EDITED = 3  # knobs
CONFIG = {"metric": "loss", "direction": "minimize"}


@dataclass
class Night(Through):
    """One session of the sampler on a journal that may hold earlier sessions."""

    session: str
    state: State
    text: str = FILE
    parent: str = "c0"
    device: str = "here"
    proposer: Sampler = field(default_factory=Sampler)
    number: int = 0

    def __post_init__(self) -> None:
        self.files = {"train.py": self.text}
        self.position = self.state.position
        self.add(
            SessionStarted(
                session=self.session, brief="", brief_hash="", config=CONFIG, base=self.parent, start=self.parent,
                branch="b", device=self.device,
            ),
            IdeaProposed(
                session=self.session, experiment=0, idea="the unchanged code", kind="baseline", parent=self.parent,
                diff="", change=baseline_change(self.files), proposer="loop",
            ),
        )  # fmt: skip

    def measured(self, metric: float) -> None:
        """Record the baseline."""
        self.add(ExperimentKept(session=self.session, experiment=0, commit=self.parent, metric=metric, reason=""))

    def commit(self) -> str:
        return f"{self.session}-c{self.number}"


@dataclass(frozen=True)
class Tried:
    """One experiment: the point, and whether it was kept."""

    point: Point
    kept: bool


@dataclass
class Course:
    """What came of a session: the incumbent's true value after each experiment, and its end."""

    values: list[float]
    tried: list[Tried]
    point: Point
    parent: str
    text: str


def play(night: Night, objective: Objective, start: Point, *, seed: str, experiments: int) -> Course:
    """A session from a point, judged as the loop judges."""
    noise = random.Random(f"noise/{seed}")
    incumbent, true = start, objective(start)
    assert true is not None
    standing = [true + noise.gauss(0, SIGMA) for _ in range(3)]
    night.measured(statistics.mean(standing))
    course = Course([], [], start, night.parent, night.files["train.py"])
    for _ in range(experiments):
        try:
            point = night.ask(incumbent)
        except ProposerFailure:
            course.values.append(true)
            continue
        found = objective(point)
        decision = None if found is None else judged(found, true, standing, noise)
        is_kept = decision is not None and decision.action == "keep"
        told = Told(decision.metric if decision else None, is_kept)
        night.tell(point, told, decision.gain_sigma if decision else None)
        course.tried.append(Tried(point, is_kept))
        if is_kept:
            assert found is not None
            assert told.measured is not None
            incumbent, true, standing = point, found, [told.measured]
        course.values.append(true)
    course.point, course.parent, course.text = incumbent, night.parent, night.files["train.py"]
    return course


def is_same(one: Point, other: Point) -> bool:
    return all(abs(coordinate(name, one[name]) - coordinate(name, other[name])) <= SAME for name in START)


def series(objective: Objective, *, seed: int, way: str) -> tuple[list[float], float, float]:
    """The best true value after each session; the shares of experiments that repeat a failure, and that were measured."""
    state, best, earlier = State(), objective(START), list[Tried]()
    point, parent, text = START, "c0", FILE
    values, repeats, known, later = [], 0, 0, 0
    assert best is not None
    for number in range(SESSIONS):
        state = State() if way == "alone" else state
        night = Night(session=f"s{number}", state=state, text=text, parent=parent)
        course = play(night, objective, point, seed=f"{seed}/{number}", experiments=LENGTH)
        repeats += sum(any(is_same(t.point, e.point) for e in earlier if not e.kept) for t in course.tried)
        known += sum(any(is_same(t.point, e.point) for e in earlier) for t in course.tried)
        later += len(course.tried) if number else 0
        earlier += course.tried
        best = min(best, course.values[-1])
        values.append(best)
        if way == "onto":
            point, parent, text = course.point, course.parent, course.text
    return values, repeats / max(later, 1), known / max(later, 1)


def compounding(family: str, seeds: range) -> Iterator[Mapping[str, object]]:
    for way in ("alone", "head", "onto", "one"):
        shares, repeats, known = [], [], []
        for seed in seeds:
            objective = FAMILIES[family](random.Random(f"{family}/{seed}"))
            start, bottom = objective(START), attainable(objective)
            assert start is not None
            if way == "one":
                night = Night(session="s0", state=State())
                course = play(night, objective, START, seed=f"{seed}/0", experiments=SESSIONS * LENGTH)
                values = course.values[LENGTH - 1 :: LENGTH]
            else:
                values, repeat, measured = series(objective, seed=seed, way=way)
                repeats.append(repeat)
                known.append(measured)
            shares.append([(start - value) / (start - bottom) for value in values])
        medians = {f"night_{n + 1}": statistics.median(share[n] for share in shares) for n in range(SESSIONS)}
        means = {"repeats": statistics.mean(repeats or [0.0]), "known": statistics.mean(known or [0.0])}
        yield {"family": family, "way": way, **medians, **means}


def edited(objective: Objective, generator: random.Random) -> Point:
    """HEAD after a person has edited some knobs."""
    while True:
        names = generator.sample(list(START), EDITED)
        point = {
            name: scaled(name, x, generator.choice((0.5, 0.67, 1.5, 2.0))) if name in names else x
            for name, x in START.items()
        }
        if objective(point) is not None:
            return point


def shifted(objective: Objective, generator: random.Random) -> Objective:
    """The objective of another device class."""
    names = [name for name in START if START[name] > 0 and name not in WHOLE]
    factors = {name: generator.choice((1 / 1.5, 1.5)) for name in generator.sample(names, EDITED)}
    return lambda point: objective({name: scaled(name, x, factors.get(name, 1.0)) for name, x in point.items()})


def changed(family: str, seeds: range) -> Iterator[Mapping[str, object]]:
    for change in ("edited", "device"):
        with_journal, without = [], []
        for seed in seeds:
            generator = random.Random(f"{change}/{family}/{seed}")
            objective = FAMILIES[family](random.Random(f"{family}/{seed}"))
            start = edited(objective, generator) if change == "edited" else START
            later = objective if change == "edited" else shifted(objective, generator)
            device = "here" if change == "edited" else "there"
            state, bottom, top = State(), attainable(later), later(start)
            if top is None:
                continue
            play(Night(session="s0", state=state), objective, START, seed=f"{seed}/0", experiments=LENGTH)
            for journal, shares in ((state, with_journal), (State(), without)):
                night = Night(session="s1", state=journal, text=written(start), parent="c1", device=device)
                course = play(night, later, start, seed=f"{seed}/1", experiments=LENGTH)
                shares.append([(top - value) / (top - bottom) for value in course.values])
        row: dict[str, object] = {"family": family, "change": change}
        for number in (8, LENGTH):
            pair = [statistics.median(share[number - 1] for share in shares) for shares in (with_journal, without)]
            means = [statistics.mean(share[number - 1] for share in shares) for shares in (with_journal, without)]
            row |= {f"with_{number}": pair[0], f"without_{number}": pair[1], f"means_{number}": means[0] - means[1]}
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first", type=int, default=0, help="the first seed; 1000 and up were used for tuning")
    parser.add_argument("--only", choices=("compounding", "changed"), help="one half of the benchmark")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    for part in (compounding, changed):
        if arguments.only not in (None, part.__name__):
            continue
        rows = [row for family in FAMILIES for row in part(family, seeds)]
        if arguments.json:
            print(json.dumps(rows))
            continue
        print("  ".join(f"{column:>11}" for column in rows[0]))
        for row in rows:
            print("  ".join(f"{v:>11.3f}" if isinstance(v, float) else f"{v!s:>11}" for v in row.values()), flush=True)
        print()


if __name__ == "__main__":
    sys.exit(main())
