"""From a few answers, or flags, to a brief: suggest, ask, try the command once, read the metric off, measure the noise.

Nothing is written before the end: whoever leaves in between leaves everything as it is.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from journal.events import RunFinished
from journal.locate import locate
from loop import bootstrap
from loop import brief as briefs
from loop.brief import Brief
from loop.config import Config
from loop.errors import BadInput
from loop.metric import of_metric
from loop.profile import Profile
from loop.scope import Scope
from loop.setup import autoresearch, suggest
from loop.setup.candidates import Candidate, candidates, direction_of, named, pattern_for
from loop.setup.doubts import Tried, doubts
from loop.setup.draft import front_matter, human, without_front_matter
from loop.setup.rehearsal import Rehearsal, Stage
from loop.workspace import Workspace


class Person(Protocol):
    """Who answers: a person at a terminal, or nobody, whose answers are the defaults and for whom the rest is BadInput."""

    def ask(self, key: str, *, default: str | None = None) -> str: ...

    def choose(self, found: Sequence[Candidate], *, default: Candidate | None) -> Candidate | str: ...

    def goes_on(self, trouble: str) -> bool: ...

    def say(self, text: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Wish:
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


def make(root: Path, wish: Wish, person: Person) -> Made:
    """Everything but the writing. Raises BadInput."""
    workspace = Workspace(root)
    path = workspace.root / briefs.NAMES[0]
    old = _standing(path, wish)
    tree = workspace.tree(workspace.head())
    keys = {**(autoresearch.proposal(workspace.root) if wish.from_autoresearch else {}), **wish.keys}
    keys["goal"] = keys.get("goal") or person.ask("goal")
    keys["train"] = keys.get("train") or person.ask(
        "train", default=suggest.train(workspace.root, tree, keys.get("scope"))
    )
    keys |= {key: suggest.whole(str(keys[key]), workspace.root, tree) for key in ("train", "evaluate") if keys.get(key)}
    keys["scope"] = keys.get("scope") or [person.ask("scope", default=suggest.scope(str(keys["train"]), tree))]
    found: list[Candidate] = []
    tried = Tried()
    if wish.trial:
        keys, found, tried = _tried(workspace, path, keys, person, runs=wish.runs)
    keys["metric"] = keys.get("metric") or person.ask("metric")
    keys["direction"] = keys.get("direction") or person.ask("direction", default=direction_of(str(keys["metric"])))
    timed = suggest.keeps_time(workspace.root, str(keys["train"]), tree)
    keys["budget"] = keys.get("budget") or person.ask(
        "budget", default=suggest.budget(None if timed else tried.seconds)
    )
    brief = _brief(path, keys)
    bootstrap.check(_setting(workspace, brief))
    files = Scope(patterns=brief.config.scope, tree=tree, locked=brief.config.locked).files()
    prose = human(brief.config, metrics=tried.metrics, mean=tried.mean, sigma=tried.sigma) if old is None else old
    return Made(
        path=path,
        text=front_matter(suggest.in_order(keys)) + prose,
        keys=suggest.in_order(keys),
        journal=locate(None, start=workspace.root),
        found=found,
        tried=tried,
        doubts=doubts(brief.config, files=files, tried=tried),
    )


def write(made: Made) -> None:
    """Write the brief, whole or not at all. Raises BadInput."""
    target = made.path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(made.text.encode())
            Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"{made.path} cannot be written: {error.strerror}.") from error


def _standing(path: Path, wish: Wish) -> str | None:
    """The text of a brief that is there already, which stays below the new front matter. Raises BadInput where it must not."""
    if not path.exists():
        return None
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from error
    if wish.force or (wish.from_autoresearch and not text.startswith("---")):
        return without_front_matter(text)
    raise BadInput(
        f"{path} exists: edit it, or move it away first. With --force its front matter is written anew, and your text stays."
    )


def _tried(
    workspace: Workspace, path: Path, keys: dict[str, object], person: Person, *, runs: int
) -> tuple[dict[str, object], list[Candidate], Tried]:
    """Run the command once, read the metric off its output, then measure the noise. What it needs is added to the keys."""
    config = _brief(path, {"metric": "metric", "direction": "minimize", **keys}).config
    setting = _setting(workspace, _brief(path, {"metric": "metric", "direction": "minimize", **keys}))
    bootstrap.check(setting)
    for name in bootstrap.uncommitted(setting):
        person.say(f"note: {name} has changes that are not committed: the trial is of the commit")
    with tempfile.TemporaryDirectory(prefix="ar-init-") as folder:
        stage = Stage(workspace, Path(folder))
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
        keys["direction"] = keys.get("direction") or person.ask("direction", default=direction_of(str(keys["metric"])))
        person.say(f"{keys['metric']}: {value:g} after {seconds:.1f} s")
        if runs > 1:
            long = f" (about {(runs - 1) * seconds / 60:.0f} minutes; --runs 1 leaves it out)" if seconds > 60 else ""
            person.say(f"running it {runs - 1} more times, for the noise{long}")
        config = msgspec.structs.replace(_brief(path, keys).config, inputs=first.config.inputs)
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


def _brief(path: Path, keys: Mapping[str, object]) -> Brief:
    return briefs.parse(front_matter(suggest.in_order(keys)), path=path)


def _setting(workspace: Workspace, brief: Brief) -> bootstrap.Setting:
    journal = locate(None, start=workspace.root)
    return bootstrap.Setting(workspace=workspace, brief=brief, profile=Profile(), defaults={}, journal=journal)
