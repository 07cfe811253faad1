"""Starting: a session that goes on until it ends."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loop.cli.app import INTERRUPTED, JournalOption, JsonOption, app, folded, report, say
from loop.errors import LoopError

if TYPE_CHECKING:  # `ar-loop --help` reads neither
    from loop.lab import Lab
    from loop.notify import Notifier

LOG = "loop.log"  # in .ar, of a loop without a terminal


@app.command(epilog="Example: ar-loop run --experiments 8")
def run(
    *,
    experiments: Annotated[
        int | None, typer.Option(min=0, help="This many more in this call; else as the brief says.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option(help="Name of a new session and its branch, or of one to continue.")
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Run on without this terminal; talk to .ar/loop.log.")
    ] = False,
    notify: Annotated[
        str | None,
        typer.Option(
            help="A command for a keep, the end and trouble: $AR_NOTICE, $AR_LINE, JSON on stdin.", show_default=False
        ),
    ] = None,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Continue the open session, or start one, and run until it ends."""
    from loop import bootstrap, session  # noqa: PLC0415  # `ar-loop --help` reads no repository
    from loop.detach import detach as leave  # noqa: PLC0415
    from loop.narrator import Narrator  # noqa: PLC0415

    let_go = leave() if detach else None
    setting = bootstrap.look(Path.cwd(), journal=journal)
    bootstrap.check(setting)
    if words := bootstrap.choice(setting).words:
        say(f"note: {words}")
    for path in bootstrap.uncommitted(setting):
        say(f"note: {path} has changes that are not committed: the session stands on the commit.")
    narrator = Narrator(live=False if detach else None)
    lab = bootstrap.assemble(setting, tag=tag, screen=narrator)
    lab.recorder.listen(narrator)
    say(f"session {lab.session.tag} on branch {lab.session.branch}; watch it with `ar-tui`, end it with Ctrl-C")
    if let_go:
        say(
            f"it runs on without this terminal, as process {os.getpid()}: see {lab.folder / LOG}, end it with `ar-loop stop`"
        )
        let_go(lab.folder / LOG)
    notifier = _notifier(lab, notify)
    try:
        ending = session.run(lab, more=experiments)
    finally:
        if notifier:
            notifier.finish()
    state = folded(setting.journal)
    report(state.sessions.rows[lab.session.tag], state, as_json=as_json)
    if not as_json:
        print("next: ar-tui · ar-journal log · ar-journal sql @near-misses")
    if ending.broken:
        raise LoopError(ending.reason)
    if lab.control.interrupted:
        raise typer.Exit(INTERRUPTED)


def _notifier(lab: "Lab", command: str | None) -> "Notifier | None":
    """Who tells the person that is not there, if they want to be told."""
    from loop.notify import Notifier  # noqa: PLC0415
    from loop.summary import as_data  # noqa: PLC0415

    if command is None:
        return None
    notifier = Notifier(
        command,
        facts=lambda: as_data(lab.session, lab.state),
        complain=lambda words: say(f"note: {words}; the loop goes on"),
    )
    lab.recorder.listen(notifier)
    return notifier
