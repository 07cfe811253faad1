"""`ar-loop run`: a session that runs until it ends."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from journal.console.entry import INTERRUPTED
from journal.console.text import one_line
from journal.projections.state import State
from loop.cli.app import START, JournalOption, JsonOption, app, print_message, print_status, read_state
from loop.errors import LoopError

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

    end_caller = fork() if detach else None
    project = read_project(Path.cwd(), journal=journal)
    preflight.check(project)
    require_health(project, proposes=not ablate)
    for note in filter(None, _notes(project, tag=tag, ablate=ablate)):
        print_message(f"note: {note}")
    printer = EventPrinter(live=False if detach else None)
    ctx = bootstrap.assemble(project, tag=tag, display=printer, ablate=ablate)
    ctx.journal.add_listener(printer.on_event)
    _announce(ctx, end_caller)
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


def _announce(ctx: "Context", end_caller: Callable[[Path], None] | None) -> None:
    """Print how to watch and to end the session; without a terminal, let the caller end."""
    end = "`ar-loop stop`" if end_caller else "Ctrl-C"
    print_message(
        f"session {ctx.session.tag} on branch {ctx.session.branch}; watch it with `ar-tui`, end it with {end}"
    )
    if end_caller:
        print_message(f"it runs without this terminal, as process {os.getpid()}, and prints to {ctx.folder / LOG}")
        end_caller(ctx.folder / LOG)


def _notes(project: "Project", *, tag: str | None, ablate: bool) -> Iterator[str | None]:
    """What the user should know before the session starts."""
    from loop.setup import preflight  # noqa: PLC0415

    if not ablate:
        yield preflight.proposer_choice(project).reason
        yield from preflight.proposer_notes(project)
        state = read_state(project.journal) if project.journal.exists() else State()
        yield preflight.ended_session(state, tag=tag)
        yield preflight.unmerged_session(project.workspace, state, project.brief.config.scope, tag=tag)
    for path in preflight.uncommitted_files(project):
        yield f"{path} has uncommitted changes, which the session does not see."


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
