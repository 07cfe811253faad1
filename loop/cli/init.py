"""`ar-loop init`: a first brief for any repository whose command prints a number."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journal.console.entry import INTERRUPTED
from loop.brief.config import BRIEF_KEYS
from loop.cli.app import START, JsonOption, app, print_message
from loop.errors import BadInput

if TYPE_CHECKING:  # `ar-loop --help` reads no repository
    from loop.brief.metric.candidates import MetricCandidate
    from loop.setup.init.wizard import NewBrief

QUESTIONS = {
    "goal": "Goal, in one sentence",
    "train": "Command that trains",
    "scope": "File, folder or glob that may be edited",
    "metric": "Name of the number to optimize, as the output prints it",
    "direction": "minimize or maximize",
    "budget": "Training time of one run",
}


ScopeOption = Annotated[list[str] | None, typer.Option(help="File, folder or glob that may be edited; repeatable.")]
GuardOption = Annotated[
    list[str] | None, typer.Option(help='Condition on each run, such as "accuracy >= 0.78"; repeatable.')
]
PatternOption = Annotated[
    str | None, typer.Option(help="Where the metric is: a regex with one group, json:KEY, csv:FILE, wall_seconds, …")
]
InputOption = Annotated[list[str] | None, typer.Option("--input", help="Untracked path that a run reads; repeatable.")]
ProposerOption = Annotated[
    str | None,
    typer.Option(help="Who proposes: claude-code, codex, aider, opencode, gemini, llm, …, claude or sampler."),
]
TrialOption = Annotated[
    bool | None, typer.Option("--trial/--no-trial", help="Run the command before the brief is written.")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Replace the front matter of an existing brief and keep its text.")
]
AutoresearchOption = Annotated[
    bool, typer.Option("--from-autoresearch", help="Read an autoresearch checkout and import its results.tsv.")
]
AgentsOption = Annotated[
    bool, typer.Option("--agents", help="Write a skill and a paragraph of AGENTS.md for coding agents, and no brief.")
]


@app.command(
    rich_help_panel=START,
    epilog='Example: ar-loop init --goal "validation loss of the small CNN below 0.4" --train "python train.py"',
)
def init(
    *,
    goal: Annotated[str | None, typer.Option(help="Goal, in one sentence.")] = None,
    metric: Annotated[str | None, typer.Option(help="Name of the number to optimize, as the output prints it.")] = None,
    direction: Annotated[str | None, typer.Option(help="minimize or maximize.")] = None,
    train: Annotated[str | None, typer.Option(help="Command that trains.")] = None,
    evaluate: Annotated[str | None, typer.Option(help="Command that measures, if the training does not.")] = None,
    scope: ScopeOption = None,
    budget: Annotated[str | None, typer.Option(help="Training time of one run, such as 20s or 5m.")] = None,
    target: Annotated[float | None, typer.Option(help="End the session at this value of the metric.")] = None,
    guard: GuardOption = None,
    pattern: PatternOption = None,
    log: Annotated[str | None, typer.Option(help="File that holds the metric, if not the output.")] = None,
    inputs: InputOption = None,
    proposer: ProposerOption = None,
    runs: Annotated[int, typer.Option(min=1, help="Number of trial runs; two or more measure the noise.")] = 3,
    trial: TrialOption = None,
    force: ForceOption = False,
    from_autoresearch: AutoresearchOption = False,
    agents: AgentsOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write program.md: ask for the goal, run the command, find its metric and measure the noise."""
    from loop.setup.init import wizard  # noqa: PLC0415  # `ar-loop --help` reads no repository

    flags = {
        "goal": goal, "metric": metric, "direction": direction, "train": train, "evaluate": evaluate, "scope": scope,
        "budget": budget, "target": target, "guard": guard, "pattern": pattern, "log": log, "inputs": inputs,
    }  # fmt: skip
    keys = {key: value for key, value in flags.items() if value is not None}
    if agents:
        _write_for_agents(has_brief_options=bool(keys) or force or from_autoresearch, as_json=as_json)
        return
    trial = not from_autoresearch if trial is None else trial
    options = wizard.InitOptions(
        keys=keys, runs=runs, trial=trial, force=force, from_autoresearch=from_autoresearch, proposer=proposer
    )
    try:
        brief = wizard.prepare(Path.cwd(), options, TerminalRespondent() if sys.stdin.isatty() else Defaults())
        import_count = _write(brief, from_autoresearch=from_autoresearch)
    except (KeyboardInterrupt, typer.Abort):
        print_message("nothing was changed")
        raise typer.Exit(INTERRUPTED) from None
    _print_result(brief, import_count, as_json=as_json)


def _write_for_agents(*, has_brief_options: bool, as_json: bool) -> None:
    from loop.setup.init import agent_files  # noqa: PLC0415  # `ar-loop --help` reads no repository
    from loop.workspace import Workspace  # noqa: PLC0415

    if has_brief_options:
        raise BadInput(
            "`--agents` writes no brief: run `ar-loop init` with the other options first, then with --agents alone."
        )
    files = agent_files.prepare(Workspace(Path.cwd()).root)
    agent_files.write(files)
    if as_json:
        print(json.dumps([{"path": str(file.path), "action": file.action} for file in files], ensure_ascii=False))
    for file in files:
        print_message(f"{file.action}: {file.path}")
    print_message("commit both files; your own text in them stays as it is")


def _write(brief: "NewBrief", *, from_autoresearch: bool) -> int | None:
    """Write the brief and import a table of results; returns the number of imported experiments."""
    from loop.setup.init import from_autoresearch as autoresearch  # noqa: PLC0415
    from loop.setup.init import wizard  # noqa: PLC0415
    from loop.setup.project import FOLDER, create_folder  # noqa: PLC0415

    table = autoresearch.read_results(brief.path.parent) if from_autoresearch else None
    wizard.write(brief)
    if table is None:
        return None
    create_folder(brief.path.parent / FOLDER)
    return autoresearch.import_results(brief.journal, table)


def _print_result(brief: "NewBrief", import_count: int | None, *, as_json: bool) -> None:
    for warning in brief.warnings:
        print_message(f"note: {warning}")
    for key in brief.dropped:
        remedy = f"keep it with --{key}" if key in BRIEF_KEYS else "there is no such key"
        print_message(f"note: the new brief does not have `{key}` of the old one: {remedy}")
    trial = brief.trial
    if as_json:
        data = {
            "brief": str(brief.path), "keys": brief.keys, "doubts": brief.warnings, "imported": import_count,
            "candidates": [{"name": row.name, "value": row.value, "pattern": row.pattern} for row in brief.candidates],
            "trial": {"seconds": trial.seconds, "metrics": trial.metrics, "mean": trial.mean, "sigma": trial.sigma},
        }  # fmt: skip
        print(json.dumps(data, ensure_ascii=False))
    if len(trial.metrics) > 1:
        print_message(f"{brief.keys['metric']} is {trial.mean:.6g}, σ {trial.sigma:.2g} over {len(trial.metrics)} runs")
    if import_count:
        print_message(f"imported {import_count} experiments of results.tsv: see `ar-journal log`")
    print_message(f"wrote {brief.path}: complete its text, commit your files, then start with `ar-loop run`")


class Defaults:
    """Answers with the defaults, as nobody is at a terminal."""

    def ask(self, key: str, *, default: str | None, check: "Callable[[str], None]") -> str:  # noqa: ARG002
        if default is None:
            raise BadInput(f"A brief needs `{key}`: give it with --{key}.")
        return default

    def choose(
        self,
        candidates: "Sequence[MetricCandidate]",  # noqa: ARG002
        *,
        default: "MetricCandidate | None",
    ) -> "MetricCandidate | str":
        return default or ""

    def confirm(self, problem: str) -> bool:  # noqa: ARG002
        return False

    def say(self, text: str) -> None:
        print_message(text)


class TerminalRespondent(Defaults):
    """Asks the person at the terminal."""

    def ask(self, key: str, *, default: str | None, check: "Callable[[str], None]") -> str:
        """Ask until an answer can be used: a slip costs neither the earlier answers nor a trial."""
        while True:
            answer: str = typer.prompt(QUESTIONS[key], default=default, err=True)
            try:
                check(answer)
            except BadInput as error:
                print_message(str(error))
            else:
                return answer

    def choose(
        self, candidates: "Sequence[MetricCandidate]", *, default: "MetricCandidate | None"
    ) -> "MetricCandidate | str":
        from loop.setup.init.metric_choice import description  # noqa: PLC0415  # `ar-loop --help` reads no repository

        for number, candidate in enumerate(candidates, start=1):
            print_message(f"  {number}. {description(candidate)}")
        answer: str = typer.prompt(
            f"{QUESTIONS['metric']} (or its number above)", default=default.name if default else None, err=True
        )
        is_place = answer.isdigit() and 0 < int(answer) <= len(candidates)
        return candidates[int(answer) - 1] if is_place else answer

    def confirm(self, problem: str) -> bool:
        return typer.confirm(f"{problem}. Write the brief anyway?", err=True)
