"""`ar-loop`: start, watch and steer the loop. stdout is data, stderr narration."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from journal.errors import JournalError
from journal.locate import locate
from journal.projections import fold
from journal.store import Reader
from loop import summary
from loop.errors import LoopError

NOT_SO, BAD, INTERRUPTED = 1, 2, 130  # exit codes; 0 is done

app = typer.Typer(
    help="Experiments that do not stop: propose, commit, train, measure, keep or revert.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

JournalOption = Annotated[
    Path | None,
    typer.Option("--journal", help="The journal; else $AR_JOURNAL, else .ar/journal.db of this repository."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]


@app.command(epilog="Example: ar-loop run --experiments 8")
def run(
    *,
    experiments: Annotated[
        int | None, typer.Option(min=0, help="This many more in this call; else as the brief says.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option(help="Name of a new session and its branch, or of one to continue.")
    ] = None,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Continue the open session, or start one, and run until it ends."""
    from loop import bootstrap, session  # noqa: PLC0415  # `ar-loop --help` reads no repository
    from loop.narrator import Narrator  # noqa: PLC0415

    setting = bootstrap.look(Path.cwd(), journal=journal)
    bootstrap.check(setting)
    if words := bootstrap.choice(setting).words:
        _say(f"note: {words}")
    for path in bootstrap.uncommitted(setting):
        _say(f"note: {path} has changes that are not committed: the session stands on the commit.")
    narrator = Narrator()
    lab = bootstrap.assemble(setting, tag=tag, screen=narrator)
    lab.recorder.listen(narrator)
    _say(f"session {lab.session.tag} on branch {lab.session.branch}; watch it with `ar-tui`, end it with Ctrl-C")
    ending = session.run(lab, more=experiments)
    _report(lab.session.tag, setting.journal, as_json=as_json)
    if ending.broken:
        raise LoopError(ending.reason)
    if lab.control.interrupted:
        raise typer.Exit(INTERRUPTED)


@app.command(epilog="Example: ar-loop status --json")
def status(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Where the latest session stands."""
    path = locate(journal)
    state = fold(Reader(path).read())
    latest = state.latest_session()
    if latest is None:
        _say("The journal holds no session yet: start one with `ar-loop run`.")
        raise typer.Exit(NOT_SO)
    _report(latest.tag, path, as_json=as_json, hints=False)


@app.command(
    epilog='Example: ar-loop init --goal "lower the loss" --metric val_loss --train "python train.py" --scope train.py'
)
def init(
    *,
    goal: Annotated[str | None, typer.Option(help="What is wanted, in a sentence.")] = None,
    metric: Annotated[str | None, typer.Option(help="Name of the one number that decides.")] = None,
    direction: Annotated[str | None, typer.Option(help="minimize or maximize.")] = None,
    train: Annotated[str | None, typer.Option(help="The command that trains.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A path or glob that may be edited; may be repeated.")] = None,
    budget: Annotated[str | None, typer.Option(help="Training time of one run, such as 20s or 5m.")] = None,
) -> None:
    """Write a brief, program.md, into this repository."""
    from loop import draft  # noqa: PLC0415

    given = {"goal": goal, "metric": metric, "direction": direction, "train": train, "scope": scope, "budget": budget}
    asked = {key: value if value is not None else _ask(key) for key, value in given.items()}
    path = draft.write(Path.cwd(), asked)
    _say(f"wrote {path}; read it, say in it what matters, commit your files, then `ar-loop run`")


def _ask(key: str) -> str | None:
    """Ask a person at a terminal; nobody else."""
    from loop.draft import QUESTIONS  # noqa: PLC0415

    question = QUESTIONS[key]
    if not sys.stdin.isatty():
        return question.default
    answer: str = typer.prompt(question.text, default=question.default or ("" if question.optional else None), err=True)
    return answer or None


def _report(tag: str, path: Path, *, as_json: bool, hints: bool = True) -> None:
    reader = Reader(path)
    state = fold(reader.read())
    reader.close()
    session = state.sessions.rows[tag]
    if as_json:
        print(json.dumps(summary.as_data(session, state), ensure_ascii=False))
        return
    print("\n".join(summary.as_lines(session, state)))
    if hints:
        print("next: ar-tui · ar-journal log · ar-journal sql near-misses")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def main() -> None:
    """Entry point: errors of ours are one sentence and exit code 2."""
    try:
        app()
    except (LoopError, JournalError) as error:
        _say(f"error: {error}")
        sys.exit(BAD)


if __name__ == "__main__":
    main()
