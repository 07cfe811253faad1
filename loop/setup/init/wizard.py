"""From a few answers, or flags, to a brief: suggest, ask, try the command once, read the metric off, measure the noise.

Nothing is written before the end: whoever leaves in between leaves everything as it is.
"""

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec

from journal.console.output_file import replacing
from journal.events import RunFinished
from loop.brief import program as briefs
from loop.brief.config import Config
from loop.brief.metric import of_metric
from loop.brief.metric_candidates import Candidate, candidates, direction_of, named, pattern_for
from loop.brief.scope import Scope
from loop.errors import BadInput
from loop.setup import preflight
from loop.setup.doctor import idle
from loop.setup.init import existing_brief, from_autoresearch, suggest
from loop.setup.init.draft import STAND_IN, Desk, flags
from loop.setup.init.dry_run import DryRunStage, Rehearsal
from loop.setup.init.text import front_matter, human
from loop.setup.init.warnings import Tried, doubts
from loop.workspace import Workspace


class Person(Protocol):
    """Who answers: a person at a terminal, or nobody, whose answers are the defaults and for whom the rest is BadInput."""

    def ask(self, key: str, *, default: str | None, fits: Callable[[str], None]) -> str:
        """An answer for which `fits` raises no BadInput, if there is somebody to ask again."""

    def choose(self, found: Sequence[Candidate], *, default: Candidate | None) -> Candidate | str: ...

    def goes_on(self, trouble: str) -> bool: ...

    def say(self, text: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """How a brief is to be made. `keys` are given already; `runs` of the unchanged code are made, the first one to look."""

    keys: Mapping[str, object]
    runs: int = 3
    trial: bool = True
    force: bool = False
    from_autoresearch: bool = False


@dataclass(frozen=True, kw_only=True)
class Made:
    """The brief as it will be written, and what was found on the way."""

    path: Path
    text: str
    keys: Mapping[str, object]
    journal: Path
    found: Sequence[Candidate] = ()
    tried: Tried = field(default_factory=Tried)
    doubts: Sequence[str] = ()
    left_out: Collection[str] = ()  # keys of the brief before that the new one does not have


def make(root: Path, wish: InitOptions, person: Person) -> Made:
    """Everything but the writing. Raises BadInput."""
    workspace = Workspace(root)
    path = workspace.root / briefs.NAMES[0]
    old = existing_brief.read(path, given=wish.keys, bare=wish.from_autoresearch, force=wish.force)
    kept = old.keys if old else {}
    desk = Desk(workspace=workspace, path=path, said=dict.fromkeys(kept, path.name) | flags(wish.keys))
    known = {**kept, **(from_autoresearch.proposal(workspace.root) if wish.from_autoresearch else {}), **wish.keys}
    desk.check(known, flags=wish.keys)
    keys, found, tried = _settled(desk, known, wish, person)
    setting = desk.setting(desk.brief(keys))
    config, tree = setting.brief.config, workspace.tree(workspace.head())
    files = Scope(patterns=config.scope, tree=tree, locked=config.locked).files()
    prose = old.text if old else human(config, metrics=tried.metrics, mean=tried.mean, sigma=tried.sigma)
    return Made(
        path=path,
        text=front_matter(suggest.in_order(keys)) + prose,
        keys=suggest.in_order(keys),
        journal=setting.journal,
        found=found,
        tried=tried,
        doubts=[*doubts(config, files=files, tried=tried), *filter(None, [idle(setting)])],
        left_out=old.left_out if old else (),
    )


def _settled(
    desk: Desk, known: Mapping[str, object], wish: InitOptions, person: Person
) -> tuple[dict[str, object], list[Candidate], Tried]:
    """Every key of the brief: what is not known is suggested, asked, or found by trying."""
    keys, root, tree = dict(known), desk.workspace.root, desk.workspace.tree(desk.workspace.head())

    def ask(key: str, *, default: str | None = None) -> str:
        return person.ask(key, default=default, fits=partial(desk.fits, key))

    keys["goal"] = keys.get("goal") or ask("goal")
    keys["train"] = keys.get("train") or ask("train", default=suggest.train(root, tree, keys.get("scope")))
    keys |= {key: suggest.whole(str(keys[key]), root, tree) for key in ("train", "evaluate") if keys.get(key)}
    keys["scope"] = keys.get("scope") or [ask("scope", default=suggest.scope(str(keys["train"]), tree))]
    found: list[Candidate] = []
    tried = Tried()
    if wish.trial:
        keys, found, tried = _tried(desk, keys, person, runs=wish.runs)
    keys["metric"] = keys.get("metric") or ask("metric")
    keys["direction"] = keys.get("direction") or ask("direction", default=direction_of(str(keys["metric"])))
    timed = suggest.keeps_time(root, str(keys["train"]), tree)
    keys["budget"] = keys.get("budget") or ask("budget", default=suggest.budget(None if timed else tried.seconds))
    return keys, found, tried


def write(made: Made) -> None:
    """Write the brief, whole or not at all. Raises JournalError."""
    with replacing(made.path) as beside:
        beside.write_bytes(made.text.encode())
        if made.path.exists():
            beside.chmod(made.path.stat().st_mode & 0o777)


def _tried(
    desk: Desk, keys: dict[str, object], person: Person, *, runs: int
) -> tuple[dict[str, object], list[Candidate], Tried]:
    """Run the command once, read the metric off its output, then measure the noise. What it needs is added to the keys."""
    setting = desk.setting(desk.brief({**STAND_IN, **keys}))
    config = setting.brief.config
    for name in preflight.uncommitted(setting):
        person.say(f"note: {name} has changes that are not committed: the trial is of the commit")
    with tempfile.TemporaryDirectory(prefix="ar-init-") as folder:
        stage = DryRunStage(desk.workspace, Path(folder))
        person.say(
            f"running `{config.train}` in a fresh copy of the last commit (Ctrl-C ends it, and nothing is changed)"
        )
        first = stage.first(msgspec.structs.replace(config, guard=()), person.say)
        keys = {**keys, "inputs": list(first.config.inputs)}
        if first.failed:
            return _not_tried(keys, first.failed, config, person)
        found = candidates(first.output)
        value = _metric(keys, first, found, person)
        seconds = first.outcome.wall_seconds
        keys["direction"] = keys.get("direction") or person.ask(
            "direction", default=direction_of(str(keys["metric"])), fits=partial(desk.fits, "direction")
        )
        person.say(f"{keys['metric']}: {value:g} after {seconds:.1f} s")
        if runs > 1:
            long = f" (about {(runs - 1) * seconds / 60:.0f} minutes; --runs 1 leaves it out)" if seconds > 60 else ""
            person.say(f"running it {runs - 1} more times, for the noise{long}")
        config = msgspec.structs.replace(desk.brief(keys).config, inputs=first.config.inputs)
        return keys, found, stage.measure(config, first=value, seconds=seconds, runs=runs)


def _not_tried(
    keys: dict[str, object], why: str, config: Config, person: Person
) -> tuple[dict[str, object], list[Candidate], Tried]:
    trouble = f"`{config.train}` does not end well here: {why.rstrip('.')}"
    if not person.goes_on(trouble):
        raise BadInput(f"{trouble}. Mend it, or write the brief untried with --no-trial.")
    return keys, [], Tried()


def _metric(keys: dict[str, object], first: Rehearsal, found: Sequence[Candidate], person: Person) -> float:
    """Settle metric and pattern on what the run printed; return the number. Raises BadInput where there is none."""
    source = of_metric(first.config)
    name = str(keys.get("metric") or ("" if source.kind == "line" else source.what))
    if name and isinstance(first.outcome, RunFinished):
        keys["metric"] = name
        return first.outcome.metric
    if keys.get("pattern") or keys.get("log"):
        raise BadInput(
            f"The run gives no metric: {getattr(first.outcome, 'reason', 'its name is missing, say --metric')}."
        )
    choice: Candidate | str | None = named(name, found)
    if found and not name:
        choice = person.choose(found, default=suggest.best(found))
    chosen = named(choice, found) if isinstance(choice, str) else choice
    if chosen is None:
        printed = ", ".join(f"`{one.name}`" for one in found) or "no `name: number` at all"
        raise BadInput(
            f"The output does not tell which number is the metric{f' {name}' if name else ''}: it holds {printed}. "
            "Name it with --metric, or say where it stands: --pattern 'score=(number)', --pattern json:KEY --log FILE, or "
            "--pattern wall_seconds for the time that the command takes."
        )
    keys["metric"] = name or chosen.name
    keys["pattern"] = pattern_for(chosen, str(keys["metric"]), first.output)
    return chosen.value
