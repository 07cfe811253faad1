"""`ar-loop init`: a first brief for any repository whose command prints a number."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loop.brief.config import BRIEF_KEYS
from loop.cli.app import INTERRUPTED, START, JsonOption, app, say
from loop.errors import BadInput

if TYPE_CHECKING:  # `ar-loop --help` reads no repository
    from loop.brief.metric_candidates import Candidate
    from loop.setup.init.wizard import Made

QUESTIONS = {
    "goal": "What is wanted, in a sentence",
    "train": "The command that trains, or whatever is to be measured",
    "scope": "The file, folder or glob that may be edited",
    "metric": "The one number that decides, as the output names it",
    "direction": "minimize or maximize",
    "budget": "Training time of one run",
}


@app.command(
    rich_help_panel=START,
    epilog='Example: ar-loop init --goal "validation loss of the small CNN below 0.4" --train "python train.py"',
)
def init(
    *,
    goal: Annotated[str | None, typer.Option(help="What is wanted, in a sentence.")] = None,
    metric: Annotated[str | None, typer.Option(help="Name of the one number that decides.")] = None,
    direction: Annotated[str | None, typer.Option(help="minimize or maximize.")] = None,
    train: Annotated[str | None, typer.Option(help="The command that trains.")] = None,
    evaluate: Annotated[str | None, typer.Option(help="The command that measures, if another one does.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A path or glob that may be edited; may be repeated.")] = None,
    budget: Annotated[str | None, typer.Option(help="Training time of one run, such as 20s or 5m.")] = None,
    target: Annotated[float | None, typer.Option(help="The session ends when the metric reaches it.")] = None,
    guard: Annotated[list[str] | None, typer.Option(help='Such as "accuracy >= 0.78"; may be repeated.')] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Regex with one group, json:KEY, csv:FILE, wall_seconds, …")
    ] = None,
    log: Annotated[str | None, typer.Option(help="The file that the numbers stand in, if not the output.")] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", help="An untracked path that a run reads; may be repeated.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Trial runs; from two on they give the noise.")] = 3,
    trial: Annotated[bool | None, typer.Option("--trial/--no-trial", help="Run the command before writing.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Where a brief exists: new front matter above your text.")
    ] = False,
    from_autoresearch: Annotated[
        bool, typer.Option("--from-autoresearch", help="For prepare.py, train.py, program.md and results.tsv as there.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask, try the command, read the metric off its output, measure the noise, and write program.md."""
    from loop.setup.init import wizard  # noqa: PLC0415  # `ar-loop --help` reads no repository

    given = {
        "goal": goal, "metric": metric, "direction": direction, "train": train, "evaluate": evaluate, "scope": scope,
        "budget": budget, "target": target, "guard": guard, "pattern": pattern, "log": log, "inputs": inputs,
    }  # fmt: skip
    wish = wizard.InitOptions(
        keys={key: value for key, value in given.items() if value is not None},
        runs=runs,
        trial=not from_autoresearch if trial is None else trial,
        force=force,
        from_autoresearch=from_autoresearch,
    )
    try:
        made = wizard.make(Path.cwd(), wish, AtTerminal() if sys.stdin.isatty() else Nobody())
        imported = _write(made, from_autoresearch=from_autoresearch)
    except (KeyboardInterrupt, typer.Abort):
        say("nothing was changed")
        raise typer.Exit(INTERRUPTED) from None
    _tell(made, imported, as_json=as_json)


def _write(made: "Made", *, from_autoresearch: bool) -> int | None:
    """Write the brief and take over a table of results; how many experiments that tells of."""
    from loop.setup.init import from_autoresearch as autoresearch  # noqa: PLC0415
    from loop.setup.init import wizard  # noqa: PLC0415
    from loop.setup.project import FOLDER, own_folder  # noqa: PLC0415

    table = autoresearch.table(made.path.parent) if from_autoresearch else None
    wizard.write(made)
    if table is None:
        return None
    own_folder(made.path.parent / FOLDER)
    return autoresearch.adopt(made.journal, table)


def _tell(made: "Made", imported: int | None, *, as_json: bool) -> None:
    for doubt in made.doubts:
        say(f"note: {doubt}")
    for key in made.left_out:
        say(f"note: `{key}` of the brief before is left out{_how_to_keep(key)}")
    tried = made.tried
    if as_json:
        data = {
            "brief": str(made.path), "keys": made.keys, "doubts": made.doubts, "imported": imported,
            "candidates": [{"name": one.name, "value": one.value, "pattern": one.pattern} for one in made.found],
            "trial": {"seconds": tried.seconds, "metrics": tried.metrics, "mean": tried.mean, "sigma": tried.sigma},
        }  # fmt: skip
        print(json.dumps(data, ensure_ascii=False))
    if len(tried.metrics) > 1:
        same = " (the runs agree to the last digit)" if tried.sigma == 0 else ""
        say(f"{made.keys['metric']} is {tried.mean:.6g}, σ {tried.sigma:.2g} over {len(tried.metrics)} runs{same}")
    if imported:
        say(f"{imported} experiments of results.tsv are in the journal: see `ar-journal log`")
    say(f"wrote {made.path}; read it, say in it what matters, commit your files, then `ar-loop run`")


def _how_to_keep(key: str) -> str:
    return f"; say it with --{key} to keep it" if key in BRIEF_KEYS else ", as there is no such key"


class Nobody:
    """No terminal: the defaults are the answers."""

    def ask(self, key: str, *, default: str | None, fits: "Callable[[str], None]") -> str:  # noqa: ARG002
        if default is None:
            raise BadInput(f"A brief needs {key}: say it with --{key}.")
        return default

    def choose(self, found: "Sequence[Candidate]", *, default: "Candidate | None") -> "Candidate | str":  # noqa: ARG002
        return default or ""

    def goes_on(self, trouble: str) -> bool:  # noqa: ARG002
        return False

    def say(self, text: str) -> None:
        say(text)


class AtTerminal(Nobody):
    """A person who is asked."""

    def ask(self, key: str, *, default: str | None, fits: "Callable[[str], None]") -> str:
        """Asked until an answer fits: a slip costs neither the answers before nor a trial."""
        while True:
            answer: str = typer.prompt(QUESTIONS[key], default=default, err=True)
            try:
                fits(answer)
            except BadInput as error:
                say(str(error))
            else:
                return answer

    def choose(self, found: "Sequence[Candidate]", *, default: "Candidate | None") -> "Candidate | str":
        for number, one in enumerate(found, start=1):
            say(f"  {number}. {one.name}: {one.value:g}")
        answer: str = typer.prompt(
            f"{QUESTIONS['metric']} (or its number above)", default=default.name if default else None, err=True
        )
        return found[int(answer) - 1] if answer.isdigit() and 0 < int(answer) <= len(found) else answer

    def goes_on(self, trouble: str) -> bool:
        return typer.confirm(f"{trouble}. Write the brief all the same?", err=True)
