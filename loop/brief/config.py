"""The machine part of a brief: one frozen object, a sentence per key; what each key may be, in words. Pure."""

import re
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

_KINDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[str, ...]: "a list such as [a, b]",
    tuple[tuple[str, ...], ...]: "a list of lists such as [[a, b], [c, d]]",
}
NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"  # what `number` stands for in a pattern


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a brief asks for. Durations are seconds, money is dollars."""

    goal: str  # what is wanted, in a sentence
    metric: str  # name of the one number that decides
    direction: Literal["minimize", "maximize"]  # which way is better
    target: float | None = None  # a session ends when the metric reaches it
    scope: tuple[str, ...] = ("gpt/train.py",)  # paths or globs to be edited; without such a file: what `train` runs
    max_lines: int | None = None  # lines that one change may touch: the more of those that it adds and those it removes
    atomic: Literal["free", "knob"] = "free"  # knob: a change moves one named value, or those of one group, and no more
    groups: tuple[tuple[str, ...], ...] = ()  # names of values that may move together
    dependencies: Literal["free", "fixed"] = "free"  # fixed: no change of what is installed, no import of more
    train: str = "python -m gpt.train"  # the command that trains; without such a file: train.py, main.py or run.py
    evaluate: str | None = None  # the command that measures; without it the training reports its own metric
    pattern: str = ""  # where the metric stands; empty: `METRIC: number` at the start of a line (`loop.brief.metric`)
    log: str | None = None  # the file, below the run's folder, in which numbers stand; absent: the output
    guard: tuple[str, ...] = ()  # conditions on other numbers, such as `accuracy >= 0.78`; broken: not kept
    budget: float = 300.0  # seconds of training per run
    startup: float = 120.0  # seconds allowed outside the budget: imports, data, compilation
    experiments: int | None = None  # the session ends after so many; absent: unbounded
    hours: float | None = None  # a call of the loop ends after so many; the next one goes on
    failures: int = 10  # a call ends after so many crashes in a row; 0: never
    plateau: int | None = None  # experiments without a keep: bolder ones are asked for; after twice as many a call ends
    baseline_runs: int = 3  # trainings of the unchanged code, from which σ comes
    keep: float = 1.8  # k of the rule: keep where the gain exceeds k standard errors of the difference
    reruns: int = 3  # pairs of re-runs that a borderline gain may earn
    rollback: Literal["reset", "revert"] = "reset"  # how a discarded change leaves the branch
    proposer: Literal["auto", "claude", "sampler", "command"] = "auto"  # auto: Claude with a key, else the sampler
    sampler: Literal["local", "tpe", "auto"] = "local"  # one knob at a time, several by Optuna, or Optuna on a plateau
    ahead: bool = True  # the next proposal is asked for while a run trains; false: when it has ended
    command: str | None = None  # the coding agent's command line, for `proposer: command`
    command_env: tuple[str, ...] = ()  # environment variables that the command may see, such as its own key
    model: str | None = None  # for `proposer: claude`
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None  # of Claude; absent: the model's own
    max_output: int = 32_000  # tokens of one of Claude's answers, its thinking included
    deadline: float = 900.0  # seconds that one proposal may take
    max_cost: float = 20.0  # dollars that a session may spend on proposals
    locked: tuple[str, ...] = ()  # paths hashed and refused; empty: everything outside scope
    sandbox: Literal["auto", "required", "none"] = "auto"  # auto: where there is one, and always for a model's code
    memory: float | None = None  # bytes that all processes of a run may take; absent: four fifths of the machine's
    processes: int = 1024  # that a run may have at once
    checkpoints: int = 5  # of the newest kept experiments, that stay on disk; the incumbent's stays in any case
    inputs: tuple[str, ...] = ()  # untracked paths that the training may read, also `/…` and `~/…`
    prepare: str | None = None  # the command that makes the inputs, named where they are missing
    profile: str | None = None  # TOML file of the constants and defaults for this machine
    workers: int = 1  # experiments in flight at once, each on its own GPU or its share of the cores
    seed_env: str = "AR_SEED"  # environment variable through which the training learns its seed

    def regex(self) -> str:
        """The pattern as a regular expression with one group (see `loop.brief.metric` for `json:`)."""
        pattern = self.pattern or rf"^{re.escape(self.metric)}:\s*(number)"
        return pattern.replace("(number)", NUMBER)


BRIEF_KEYS = tuple(Config.__struct_fields__)
REQUIRED = ("goal", "metric", "direction")


def choices(key: str) -> tuple[str, ...]:
    """The words that a key may have; none of a key that takes any text, a number or a list."""
    kind = _kind(key)
    return get_args(kind) if get_origin(kind) is Literal else ()


def wanted(key: str) -> str:
    """What a key takes; of a key that takes words, every one."""
    *words, last = choices(key) or ("", "")
    return f"{', '.join(words)} or {last}" if last else _KINDS[_kind(key)]


def _kind(key: str) -> Any:
    """The type of a key that is not left out."""
    hint = get_type_hints(Config)[key]
    kinds = get_args(hint) if NoneType in get_args(hint) else (hint,)
    return next(kind for kind in kinds if kind is not NoneType)
