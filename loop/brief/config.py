"""The keys of a brief as one frozen object, a sentence per key (they make docs/brief-keys.md); the values of a key. Pure."""

from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from loop.contracts import Prior

_TYPE_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[str, ...]: "a list such as [a, b]",
    dict[str, tuple[float, ...]]: "models with their prices",
    tuple[tuple[str, ...], ...]: "a list of lists such as [[a, b], [c, d]]",
    dict[str, tuple[Prior, ...]]: "knobs with lists of [from, to, gain, spread]",
}
NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"  # what `number` in a pattern matches


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The values of a brief's keys. Durations are seconds, sizes are bytes, money is dollars."""

    # One line per key: `loop.brief.reference` reads the comment behind it.
    # fmt: off
    goal: str  # The goal, in one sentence.
    metric: str  # Name of the one number that decides.
    direction: Literal["minimize", "maximize"]  # Whether a lower or a higher metric is better.
    target: float | None = None  # Stop when the metric reaches this value (default: never).
    scope: tuple[str, ...] = ("gpt/train.py",)  # Paths or globs to edit (default without gpt/: what `train` runs).
    max_lines: int = 2000  # Maximum lines a change may add or remove, whichever is larger.
    max_literal_bytes: int = 20_000  # Maximum bytes of literals that a change may add; twice as many of compressed code.
    atomic: Literal["free", "knob"] = "free"  # `knob`: a change moves one named value, or the values of one group.
    groups: tuple[tuple[str, ...], ...] = ()  # Lists of named values that may move together under `atomic: knob`.
    dependencies: Literal["free", "fixed"] = "free"  # `fixed`: a change may not import or declare a new package.
    train: str = "python -m gpt.train"  # The command that trains (default without gpt/: train.py, main.py or run.py).
    evaluate: str | None = None  # The command that measures (default: the training prints its own metric).
    pattern: str = ""  # Where the metric is: a regex, `json:KEY` or `csv:FILE` (default: a line `METRIC: number`).
    log: str | None = None  # The file with the numbers, relative to the run's folder (default: the output).
    guard: tuple[str, ...] = ()  # Conditions such as `accuracy >= 0.78`; a run that breaks one is not kept.
    budget: float = 300.0  # Training time per run; a plain number is in seconds.
    startup: float = 120.0  # Time per run outside the budget, for imports, data and compilation.
    experiments: int | None = None  # End the session after this many experiments (default: no limit).
    hours: float | None = None  # End the call after this many hours; the next call continues (default: no limit).
    failures: int = 10  # End the call after this many crashes in a row; 0: never.
    plateau: int | None = None  # After this many experiments without a keep, ask for bolder changes; after twice as many, stop.
    baseline_runs: int = 3  # Runs of the unchanged code, from which the loop estimates σ.
    keep: float = 1.8  # Keep a gain above this many standard errors of the difference.
    noise_floor: float | None = None  # Never keep a gain up to this one, in the metric's unit (default: by σ alone).
    reruns: int = 3  # Maximum pairs of re-runs for a borderline gain.
    rollback: Literal["reset", "revert"] = "reset"  # `revert`: the branch gets a discarded change and its revert as commits.
    proposer: Literal["auto", "claude", "sampler", "command"] = "auto"  # `auto`: Claude if there is an API key, else sampler.
    sampler: Literal["local", "tpe", "auto"] = "local"  # Steps of single knobs; `tpe` and `auto` mean `local`.
    priors: dict[str, tuple[Prior, ...]] = {}  # What a knob's moves gained before: `KNOB: [[from, to, gain in σ, its spread]]`.
    ahead: bool = True  # Ask for the next proposal while a run trains; false: after it ends.
    command: str | None = None  # Command line of the coding agent, for `proposer: command`.
    command_env: tuple[str, ...] = ()  # Environment variables that the agent may see, such as its API key.
    command_sandbox: Literal["auto", "none"] = "auto"  # `auto`: the agent may write to its copy only, if a sandbox works.
    model: str | None = None  # Claude model, for `proposer: claude` (default: a built-in choice).
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None  # Effort of Claude (default: the model's own).
    max_output: int = 32_000  # Maximum tokens of one answer of Claude, thinking included.
    deadline: float = 900.0  # Maximum time for one proposal.
    max_cost: float = 20.0  # Maximum dollars for the proposals of a session.
    prices: dict[str, tuple[float, ...]] = {}  # Dollars per million tokens, as `MODEL: [in, out, cache write, cache read]`.
    notes: str | None = None  # A file that every proposer reads, such as papers and records (default: none).
    locked: tuple[str, ...] = ()  # Files that no change may edit, verified before each evaluation (default: all outside scope).
    sandbox: Literal["auto", "required", "none"] = "auto"  # `auto`: if one works; without one, code by a model is refused.
    memory: float | None = None  # Maximum memory of a run, such as 8GB (default: 4/5 of the machine's, shared by `workers`).
    processes: int = 1024  # Maximum processes of a run at once.
    checkpoints: int = 5  # Keep the checkpoints of this many newest kept experiments; the incumbent's always stays.
    inputs: tuple[str, ...] = ()  # Untracked paths that the training may read; `/…` and `~/…` also work.
    prepare: str | None = None  # The command that creates the inputs; errors name it if an input is missing.
    profile: str | None = None  # TOML file with constants and defaults for this machine.
    workers: int = 1  # Experiments in flight at once, each on its own GPU or share of the processor cores.
    seed_env: str = "AR_SEED"  # Environment variable that gives the training its seed.
    # fmt: on


BRIEF_KEYS = tuple(Config.__struct_fields__)
REQUIRED = ("goal", "metric", "direction")


def choices(key: str) -> tuple[str, ...]:
    """The words that a key accepts; empty if it accepts any text, a number or a list."""
    kind = _type_of(key)
    return get_args(kind) if get_origin(kind) is Literal else ()


def expected_value(key: str) -> str:
    """What a key accepts, for an error message."""
    *words, last = choices(key) or ("", "")
    return f"{', '.join(words)} or {last}" if last else _TYPE_NAMES[_type_of(key)]


def _type_of(key: str) -> Any:
    """The type of a key, without None."""
    hint = get_type_hints(Config)[key]
    kinds = get_args(hint) if NoneType in get_args(hint) else (hint,)
    return next(kind for kind in kinds if kind is not NoneType)
