"""Random, grid, or one thing at a time with a memory: which finds the better setting for the same number of trainings?

`python compare.py` trains for real and prints the loss that each search has reached after 8, 16, 32 and 64 trials: the mean
over SEEDS nights of the found setting's loss on fresh seeds, and its spread between nights. With matplotlib it draws
compare.svg too. All three begin with the same setting and keep a trial by the same rule.

A trial is the mean of three trainings; `python compare.py 1` makes it a single one, and shows what noise does to each search.
"""

import itertools
import random
import statistics
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from train import train

Config = dict[str, float]
Search = Callable[[random.Random], Iterator[Config]]

START: Config = tomllib.loads(Path(__file__).with_name("config.toml").read_text(encoding="utf-8"))
RANGES = {
    "learning_rate": (1e-3, 10),
    "momentum": (0.0, 0.99),
    "hidden": (1, 64),
    "init_scale": (1e-2, 10),
    "weight_decay": (1e-5, 1),
}
BUDGETS = (8, 16, 32, 64)
SEEDS, FRESH = 6, 5  # nights; seeds on which what a night found is measured again
EACH = int(sys.argv[1]) if sys.argv[1:] else 3  # trainings of one trial, whose mean is what a search is told
SIGMAS = 1.0  # of the loss on one seed against another, by which a gain must exceed noise to be kept


def anywhere(name: str, share: float) -> float:
    """A value at a share of a knob's range: even for momentum, by factors for the others."""
    low, high = RANGES[name]
    value = low + share * (high - low) if name == "momentum" else low * (high / low) ** share
    return max(1, round(value)) if name == "hidden" else value


def at_random(generator: random.Random) -> Iterator[Config]:
    """Every knob anew each time."""
    while True:
        yield {name: anywhere(name, generator.random()) for name in RANGES}


def grid(generator: random.Random) -> Iterator[Config]:
    """Three values of each knob, all combinations, in a shuffled order."""
    cells = list(itertools.product((0.2, 0.5, 0.8), repeat=len(RANGES)))
    generator.shuffle(cells)
    for cell in itertools.cycle(cells):
        yield {name: anywhere(name, share) for name, share in zip(RANGES, cell, strict=True)}


def one_at_a_time(generator: random.Random) -> Iterator[Config]:
    """From the best so far one knob a step up or down; what was tried from there is not tried again.

    A kept step is followed in its direction; when all single steps were tried, double ones are, then halves.
    """
    best, known, follow = START, set(), None
    while True:
        moves = [(name, sign * step) for step in (1, 2, 0.5) for name in RANGES for sign in (1, -1)]
        left = [move for move in moves if move not in known and moved(best, *move) != best]
        if not left:
            known = set()  # noise may have hidden something: from the beginning
            continue
        sized = [move for move in left if abs(move[1]) == abs(left[0][1])]
        move = follow if follow in left else generator.choice(sized)
        known.add(move)
        kept = yield (tried := moved(best, *move))
        follow = move if kept else None
        if kept:
            best, known = tried, {(move[0], -move[1])}


def moved(config: Config, name: str, step: float) -> Config:
    """One knob a step away: a factor of three, or a fifth of the range of momentum, held within the range."""
    low, high = RANGES[name]
    value = config[name] + 0.2 * step if name == "momentum" else config[name] * 3.0**step
    return config | {name: max(1, round(min(high, value))) if name == "hidden" else min(high, max(low, value))}


def night(search: Search, seed: int) -> dict[int, float]:
    """For each budget the loss, on fresh seeds, of what was best by then."""
    generator = random.Random(seed)
    proposals = search(generator)
    first = [measure(START, 10_000 * seed + number) for number in range(3)]
    noise = statistics.stdev(first)
    best, lowest, found = START, statistics.fmean(first), {}
    kept: bool | None = None
    for number in range(1, BUDGETS[-1] + 1):
        tried = proposals.send(kept) if kept is not None else next(proposals)
        measured = measure(tried, 10_000 * seed + 100 + number)
        kept = measured < lowest - SIGMAS * noise
        if kept:
            best, lowest = tried, measured
        if number in BUDGETS:
            found[number] = statistics.fmean(train(best, 1_000_000 + fresh) for fresh in range(FRESH))
    return found


def measure(config: Config, seed: int) -> float:
    """What a search is told of a setting."""
    return statistics.fmean(train(config, 100 * seed + one) for one in range(EACH))


def main() -> None:
    searches: dict[str, Search] = {"random": at_random, "grid": grid, "one at a time": one_at_a_time}
    nights = {name: [night(search, seed) for seed in range(1, SEEDS + 1)] for name, search in searches.items()}
    start = statistics.fmean(train(START, 1_000_000 + fresh) for fresh in range(FRESH))
    print(f"loss of the start: {start:.3f}; mean ± spread over {SEEDS} nights\n")
    print("trials        " + "".join(f"{budget:>16}" for budget in BUDGETS))
    for name, results in nights.items():
        cells = (told(results, budget) for budget in BUDGETS)
        print(f"{name:14}" + "".join(f"{mean:>9.3f} ±{spread:.3f}" for mean, spread in cells))
    draw(nights)


def told(results: list[dict[int, float]], budget: int) -> tuple[float, float]:
    values = [result[budget] for result in results]
    return statistics.fmean(values), statistics.stdev(values)


def draw(nights: dict[str, list[dict[int, float]]]) -> None:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  # an extra
    except ImportError:
        print("no plot: matplotlib is not installed", file=sys.stderr)
        return
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="trials", ylabel="loss of what was found", xscale="log")
    for name, results in nights.items():
        means, spreads = zip(*(told(results, budget) for budget in BUDGETS), strict=True)
        axes.errorbar(BUDGETS, means, spreads, label=name, capsize=3)
    axes.set_xticks(BUDGETS, [str(budget) for budget in BUDGETS])
    axes.legend(frameon=False)
    figure.savefig("compare.svg")
    print("drawn: compare.svg", file=sys.stderr)


if __name__ == "__main__":
    main()
