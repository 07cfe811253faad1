"""`ar-loop run`: a session that runs until it ends."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from journal.console.entry import INTERRUPTED
from journal.console.terminal import print_text
from journal.console.text import one_line
from journal.projections.state import State
from loop.cli.app import START, JournalOption, JsonOption, app, print_message, print_status, read_state
from loop.errors import BadInput, LoopError

if TYPE_CHECKING:  # `ar-loop --help` reads no repository
    from loop.cli.notify import Notifier
    from loop.experiment.ablation import AblationResult
    from loop.runtime.context import Context
    from loop.setup.project import Project

LOG = "loop.log"  # in .ar, of a loop without a terminal

ExperimentsOption = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Run N more experiments, then stop (default: the brief's limit)."),
]
TagOption = Annotated[
    str | None, typer.Option(help="Name of a new session and its branch, or of a session to continue.")
]
OntoOption = Annotated[
    str | None,
    typer.Option(
        metavar="TAG",
        help="Start a new session from the best commit of this session; best: of all that compare with HEAD.",
        show_default=False,
    ),
]
AblateOption = Annotated[
    bool, typer.Option("--ablate", help="Leave out each kept change in turn and measure whether it still pays.")
]
DetachOption = Annotated[bool, typer.Option("--detach", help="Run without this terminal; print to .ar/loop.log.")]
NotifyOption = Annotated[
    str | None,
    typer.Option(
        help="Command to run on a keep, a pause, trouble and the end; gets $AR_NOTICE, $AR_LINE, JSON on stdin.",
        show_default=False,
    ),
]


@app.command(rich_help_panel=START, epilog="Example: ar-loop run --experiments 8")
def run(
    *,
    experiments: ExperimentsOption = None,
    tag: TagOption = None,
    onto: OntoOption = None,
    ablate: AblateOption = False,
    detach: DetachOption = False,
    notify: NotifyOption = None,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Continue the open session, or start one, and run experiments until it ends."""
    from loop.cli.detach import detach as fork  # noqa: PLC0415  # `ar-loop --help` reads no repository
    from loop.cli.event_printer import EventPrinter  # noqa: PLC0415
    from loop.session import bootstrap, main_loop  # noqa: PLC0415
    from loop.setup import preflight  # noqa: PLC0415
    from loop.setup.doctor import require_health  # noqa: PLC0415
    from loop.setup.project import read_project  # noqa: PLC0415

    if ablate and onto is not None:
        raise BadInput("--ablate tests the changes of a session, and --onto starts a new one: name one of the two.")
    end_caller = fork() if detach else None
    project = read_project(Path.cwd(), journal=journal)
    preflight.check(project)
    require_health(project, proposes=not ablate)
    for note in filter(None, _notes(project, tag=tag, ablate=ablate, onto=onto)):
        print_message(f"note: {note}")
    if not ablate and onto is None:
        onto = _earlier_session(project, tag=tag, asks=not (detach or as_json))
    printer = EventPrinter(live=False if detach else None)
    ctx = bootstrap.assemble(project, tag=tag, display=printer, ablate=ablate, onto=onto)
    ctx.journal.add_listener(printer.on_event)
    _announce(ctx, end_caller, journal=project.journal, as_json=as_json)
    notifier = _notifier(ctx, notify)
    try:
        ending = (main_loop.retest if ablate else main_loop.run)(ctx, experiments=experiments)
    finally:
        if notifier:
            notifier.finish()
    printer.finish()
    _print_result(ctx, project, ablate=ablate, as_json=as_json)
    if ending.is_machine_failure:
        raise LoopError(ending.reason)
    if ctx.control.is_interrupted:
        raise typer.Exit(INTERRUPTED)


def _announce(ctx: "Context", end_caller: Callable[[Path], None] | None, *, journal: Path, as_json: bool) -> None:
    """Print how to watch and to end the session; without a terminal, print where it runs, and let the caller end."""
    end = "`ar-loop stop`" if end_caller else "Ctrl-C"
    print_message(
        f"session {ctx.session.tag} on branch {ctx.session.branch}; watch it with `ar-tui`, end it with {end}"
    )
    if end_caller:
        log = ctx.folder / LOG
        print_message(f"it runs without this terminal, as process {os.getpid()}, and prints to {log}")
        if as_json:
            place = {"session": ctx.session.tag, "branch": ctx.session.branch, "pid": os.getpid()}
            print_text(json.dumps({**place, "log": str(log), "journal": str(journal.absolute())}), flush=True)
        end_caller(log)


def _earlier_session(project: "Project", *, tag: str | None, asks: bool) -> str | None:
    """The session to start from, if HEAD lacks what it kept and the person at the terminal wants that; says so to all."""
    from loop.runs.devices import assign_devices  # noqa: PLC0415
    from loop.setup import preflight, study  # noqa: PLC0415

    state = read_state(project.journal) if project.journal.exists() else State()
    device = assign_devices(project.brief.config.workers)[0].description
    best = study.best(project, state, device=device)
    session = preflight.unmerged_session(project.workspace, state, project.brief.config.scope, tag=tag, best=best)
    if session is None:
        return None
    is_in_study = session.tag in study.sessions(project, state)
    print_message(f"note: {preflight.unmerged_message(session, is_in_study=is_in_study)}")
    if not (asks and is_in_study and sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return session.tag if typer.confirm(f"Start from session {session.tag}?", default=False, err=True) else None


def _notes(project: "Project", *, tag: str | None, ablate: bool, onto: str | None) -> Iterator[str | None]:
    """What the user should know before the session starts."""
    from loop.setup import preflight  # noqa: PLC0415

    if not ablate:
        yield preflight.proposer_choice(project).reason
        yield from preflight.proposer_notes(project)
        state = read_state(project.journal) if project.journal.exists() else State()
        yield preflight.ended_session(state, tag=tag) if onto is None else _dropped_edits(project, state, onto, tag=tag)
    for path in preflight.uncommitted_files(project):
        yield f"{path} has uncommitted changes, which the session does not see."


def _dropped_edits(project: "Project", state: State, onto: str, *, tag: str | None) -> str | None:
    """What HEAD has and the session of `--onto` lacks, as a sentence. Raises BadInput if no session can start from there."""
    from loop.runs.devices import assign_devices  # noqa: PLC0415
    from loop.session.onto import earlier_session  # noqa: PLC0415
    from loop.setup import preflight  # noqa: PLC0415

    device = assign_devices(project.brief.config.workers)[0]
    return preflight.dropped_edits(project, earlier_session(project, state, onto, tag=tag, device=device))


def _notifier(ctx: "Context", command: str | None) -> "Notifier | None":
    from loop.cli.notify import Notifier  # noqa: PLC0415
    from loop.cli.summary import as_data  # noqa: PLC0415

    if command is None:
        return None
    notifier = Notifier(
        command,
        figures=lambda: as_data(ctx.session, ctx.state),
        warn=lambda problem: print_message(f"note: {problem}; the loop runs on"),
    )
    ctx.journal.add_listener(notifier.on_event)
    return notifier


def _print_result(ctx: "Context", project: "Project", *, ablate: bool, as_json: bool) -> None:
    from loop.experiment import ablation  # noqa: PLC0415

    if ablate:
        _print_ablations(ablation.results(ctx), metric=project.brief.config.metric, as_json=as_json)
        return
    state = read_state(project.journal)
    print_status(state.sessions.rows[ctx.session.tag], state, as_json=as_json, is_running=False)
    if not as_json:
        print("next: ar-tui · ar-journal log · ar-journal sql @near-misses")


def _print_ablations(results: "list[AblationResult]", *, metric: str, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(results).decode(), flush=True)
        return
    heads = ("gain when kept, σ", "loss without it, σ", f"{one_line(metric)} without it")
    print("  ".join([f"{'keep':>5}", *heads, f"{'finding':<17}", "change"]))
    for result in results:
        values = zip((result.gain, result.loss, result.delta), heads, strict=True)
        figures = [f"{'-' if value is None else f'{value:+.3g}':>{len(head)}}" for value, head in values]
        change = one_line(f"{result.idea}{f' ({result.note})' if result.note else ''}", width=1_000)
        print("  ".join([f"{f'#{result.keep}':>5}", *figures, f"{result.finding:<17}", change]))
