"""`ar-loop init`: suggests, asks, runs the command once, reads the metric off its output, measures the noise.

Nothing is written before the end: a person who leaves early leaves every file unchanged.
"""

import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec

from journal.console.output_file import replacing
from journal.events import RunFinished
from journal.metric_names import usual_direction
from loop.brief import program as briefs
from loop.brief.config import Config
from loop.brief.metric import ranking as metric_ranking
from loop.brief.metric.candidates import MetricCandidate
from loop.brief.scope import Scope
from loop.errors import BadInput
from loop.proposers.command import recipes
from loop.setup import preflight
from loop.setup.doctor import missing_knobs
from loop.setup.init import command_attempts, existing_brief, from_autoresearch, metric_choice, suggest
from loop.setup.init.draft import PLACEHOLDERS, Draft, flags
from loop.setup.init.dry_run import TrialRun, TrialRunner
from loop.setup.init.text import front_matter, prose
from loop.setup.init.warnings import TrialResult, warnings
from loop.workspace import Workspace

Keys = dict[str, object]


class Respondent(Protocol):
    """Answers the questions: a person at a terminal, or defaults without one."""

    def ask(self, key: str, *, default: str | None, check: Callable[[str], None]) -> str:
        """The value of a key. `check` raises BadInput for an unusable one."""

    def choose(
        self, candidates: Sequence[MetricCandidate], *, default: MetricCandidate | None
    ) -> MetricCandidate | str:
        """The metric, as one of the candidates or by name."""

    def confirm(self, problem: str) -> bool:
        """Whether to write the brief in spite of a problem."""

    def say(self, text: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """The options of `ar-loop init`. `keys` are those that flags set, `runs` is the number of trial runs."""

    keys: Mapping[str, object]
    runs: int = 3
    trial: bool = True
    force: bool = False
    from_autoresearch: bool = False
    proposer: str | None = None  # name of a recipe or of a built-in proposer


@dataclass(frozen=True, kw_only=True)
class NewBrief:
    """A brief to be written, and what `init` found."""

    path: Path
    text: str
    keys: Mapping[str, object]
    journal: Path
    candidates: Sequence[MetricCandidate] = ()
    trial: TrialResult = field(default_factory=TrialResult)
    warnings: Sequence[str] = ()
    dropped: Collection[str] = ()  # keys of the existing brief that the new one does not have


def prepare(root: Path, options: InitOptions, respondent: Respondent) -> NewBrief:
    """Do everything but write the brief. Raises BadInput."""
    workspace = Workspace(root)
    path = workspace.root / briefs.FILE_NAMES[0]
    replaced = [*options.keys, *(recipes.KEYS if options.proposer else ())]
    existing = existing_brief.read(path, flags=replaced, allow_prose=options.from_autoresearch, force=options.force)
    kept = existing.keys if existing else {}
    draft = Draft(workspace=workspace, path=path, origins=dict.fromkeys(kept, path.name) | flags(options.keys))
    layout = from_autoresearch.brief_keys(workspace.root) if options.from_autoresearch else {}
    keys = {**kept, **layout, **options.keys}
    keys |= _proposer_keys(keys, options.proposer)  # a program that is missing is named before the trial
    draft.check(keys, flags=options.keys)
    keys, found, trial = _complete(draft, keys, options, respondent)
    keys |= _proposer_keys(keys, options.proposer)
    project = draft.project(draft.brief(keys))
    config, tree = project.brief.config, workspace.tree(workspace.head())
    files = Scope(patterns=config.scope, tree=tree, locked=config.locked).files()
    text = existing.text if existing else prose(config, metrics=trial.metrics, mean=trial.mean, sigma=trial.sigma)
    return NewBrief(
        path=path,
        text=front_matter(suggest.in_order(keys)) + text,
        keys=suggest.in_order(keys),
        journal=project.journal,
        candidates=found,
        trial=trial,
        warnings=[*warnings(config, files=files, trial=trial), *filter(None, [missing_knobs(project)])],
        dropped=existing.dropped if existing else (),
    )


def _proposer_keys(keys: Keys, name: str | None) -> Keys:
    """The keys of the proposer of that name, for the files in scope."""
    scope = keys.get("scope") or ["train.py"]
    scope = [str(path) for path in scope] if isinstance(scope, list | tuple) else [str(scope)]
    return {} if name is None else recipes.brief_keys(name, scope=scope, environment=os.environ)


def write(brief: NewBrief) -> None:
    """Write the brief, whole or not at all. Raises JournalError."""
    with replacing(brief.path) as temporary:
        temporary.write_bytes(brief.text.encode())
        if brief.path.exists():
            temporary.chmod(brief.path.stat().st_mode & 0o777)


def _complete(
    draft: Draft, keys: Keys, options: InitOptions, respondent: Respondent
) -> tuple[Keys, list[MetricCandidate], TrialResult]:
    """Every key of the brief: what has no value is suggested, asked, or found by a trial."""
    keys, root, tree = dict(keys), draft.workspace.root, draft.workspace.tree(draft.workspace.head())

    def ask(key: str, *, default: str | None = None) -> str:
        return respondent.ask(key, default=default, check=partial(draft.check_value, key))

    keys["goal"] = keys.get("goal") or ask("goal")
    attempts = command_attempts.attempts(draft, keys, ask)
    keys, found, trial = attempts[0], list[MetricCandidate](), TrialResult()
    if options.trial:
        keys, found, trial = _try_each(draft, attempts, respondent, runs=options.runs)
    keys["metric"] = keys.get("metric") or ask("metric")
    keys["direction"] = keys.get("direction") or ask("direction", default=usual_direction(str(keys["metric"])))
    seconds = None if suggest.reads_budget(root, str(keys["train"]), tree) else trial.seconds
    keys["budget"] = keys.get("budget") or ask("budget", default=suggest.budget(seconds))
    return keys, found, trial


def _try_each(
    draft: Draft, attempts: Sequence[Keys], respondent: Respondent, *, runs: int
) -> tuple[Keys, list[MetricCandidate], TrialResult]:
    """The first attempt whose command runs and prints a metric. Raises the BadInput of the first one if none does."""
    errors: list[BadInput] = []
    for number, keys in enumerate(attempts, start=1):
        try:
            return _try(draft, keys, respondent, runs=runs)
        except BadInput as error:
            errors.append(error)
            if number < len(attempts):
                respondent.say(f"{str(error).partition('. ')[0].rstrip('.')}: trying `{attempts[number]['train']}`")
    raise errors[0]


def _try(
    draft: Draft, keys: Keys, respondent: Respondent, *, runs: int
) -> tuple[Keys, list[MetricCandidate], TrialResult]:
    """Run the command, choose the metric among the numbers of its output, measure the noise; the keys gain needed inputs."""
    project = draft.project(draft.brief({**PLACEHOLDERS, **keys}))
    config = project.brief.config
    for name in preflight.uncommitted_files(project):
        respondent.say(f"note: the trial runs the commit, without the uncommitted changes of {name}")
    with tempfile.TemporaryDirectory(prefix="ar-init-") as folder:
        runner = TrialRunner(draft.workspace, Path(folder))
        respondent.say(
            f"running `{config.train}` in a fresh copy of the last commit (Ctrl-C ends it and changes nothing)"
        )
        first = runner.first_run(msgspec.structs.replace(config, guard=()), respondent.say)
        keys = {**keys, "inputs": list(first.config.inputs)}
        if first.failure:
            problem = f"`{config.train}` fails here: {first.failure.rstrip('.')}"
            if not respondent.confirm(problem):
                raise BadInput(f"{problem}. Repair it, or write the brief without a trial with --no-trial.")
            return keys, [], TrialResult()
        metric_choice.require_candidate(keys, first)
        trials = [first, *runner.repeat(first, runs=runs, say=respondent.say)]
        found = metric_choice.ranked(trials, goal=str(keys["goal"]), command=_measuring_command(config))
        keys |= _metric_keys(draft, keys, trials, found, respondent)
        config = msgspec.structs.replace(draft.brief(keys).config, inputs=first.config.inputs)
        trial = metric_choice.trial_result(config, trials)
        respondent.say(metric_choice.reading(config, trials))
        return keys, found, trial


def _metric_keys(
    draft: Draft, keys: Keys, trials: Sequence[TrialRun], found: Sequence[MetricCandidate], respondent: Respondent
) -> Keys:
    """The keys `metric`, `pattern` and `direction`: those that are stated, else those of the chosen number."""
    goal, command = str(keys["goal"]), _measuring_command(trials[0].config)
    name = metric_choice.stated_metric(keys, trials[0].config)
    chosen: Keys = {"metric": name}
    direction = usual_direction(name)
    if not (name and isinstance(trials[0].outcome, RunFinished)):
        candidate, name = metric_choice.choose(found, name=name, chooser=respondent, goal=goal, command=command)
        chosen = {"metric": name, "pattern": metric_choice.pattern_of(candidate, name, trials)}
        direction = metric_ranking.direction(candidate, goal)
    chosen["direction"] = keys.get("direction") or respondent.ask(
        "direction", default=direction, check=partial(draft.check_value, "direction")
    )
    return chosen


def _measuring_command(config: Config) -> str:
    return config.evaluate or config.train
