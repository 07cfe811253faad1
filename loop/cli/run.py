"""Starting: a session that goes on until it ends."""

import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journal.events import SessionEnded
from journal.events.recorded import Recorded
from journal.projections.state import State
from loop.cli.app import INTERRUPTED, START, JournalOption, JsonOption, app, folded, report, say
from loop.errors import LoopError
from loop.runtime.session_journal import Listener

if TYPE_CHECKING:  # `ar-loop --help` reads neither
    from loop.cli.notify import Notifier
    from loop.experiment.ablation import Tested
    from loop.runtime.context import Context
    from loop.setup.project import Project

LOG = "loop.log"  # in .ar, of a loop without a terminal


class Voice(Listener):
    """Passes on what happens; a session's end waits, as an error that ends the call says the cause itself."""

    def __init__(self, narrator: Listener) -> None:
        self._narrator = narrator
        self._end: Recorded | None = None

    def heard(self, recorded: Recorded) -> None:
        if isinstance(recorded.event, SessionEnded):
            self._end = recorded
        else:
            self._narrator.heard(recorded)

    def ends(self) -> None:
        """The call has come to its end without an error."""
        if self._end is not None:
            self._narrator.heard(self._end)


@app.command(rich_help_panel=START, epilog="Example: ar-loop run --experiments 8")
def run(
    *,
    experiments: Annotated[
        int | None, typer.Option(min=0, help="This many more in this call; else as the brief says.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option(help="Name of a new session and its branch, or of one to continue.")
    ] = None,
    ablate: Annotated[
        bool, typer.Option("--ablate", help="Test the kept changes again, each left out in turn; propose nothing.")
    ] = False,
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
    """Continue the open session, or start one, and run until it ends.

    With --ablate: which of the kept changes still pay, now that others stand on them?
    """
    from loop.cli.detach import detach as leave  # noqa: PLC0415  # `ar-loop --help` reads no repository
    from loop.cli.narrator import Narrator  # noqa: PLC0415
    from loop.experiment import ablation  # noqa: PLC0415
    from loop.session import bootstrap, main_loop  # noqa: PLC0415
    from loop.setup import preflight  # noqa: PLC0415
    from loop.setup.project import look  # noqa: PLC0415

    let_go = leave() if detach else None
    setting = look(Path.cwd(), journal=journal)
    preflight.check(setting)
    for words in filter(None, _notes(setting, tag=tag, ablate=ablate)):
        say(f"note: {words}")
    narrator = Narrator(live=False if detach else None)
    ctx = bootstrap.assemble(setting, tag=tag, screen=narrator, past=ablate)
    voice = Voice(narrator)
    ctx.journal.listen(voice)
    end = "`ar-loop stop`" if let_go else "Ctrl-C"
    say(f"session {ctx.session.tag} on branch {ctx.session.branch}; watch it with `ar-tui`, end it with {end}")
    if let_go:
        say(f"it runs on without this terminal, as process {os.getpid()}, and talks to {ctx.folder / LOG}")
        let_go(ctx.folder / LOG)
    notifier = _notifier(ctx, notify)
    try:
        ending = (main_loop.retest if ablate else main_loop.run)(ctx, more=experiments)
    finally:
        if notifier:
            notifier.finish()
    voice.ends()
    if ablate:
        _tell(ablation.findings(ctx), metric=setting.brief.config.metric, as_json=as_json)
    else:
        _report(ctx, setting.journal, as_json=as_json)
    if ending.broken:
        raise LoopError(ending.reason)
    if ctx.control.interrupted:
        raise typer.Exit(INTERRUPTED)


def _notes(setting: "Project", *, tag: str | None, ablate: bool) -> Iterator[str]:
    """What a person may not know of, and should before it starts."""
    from loop.setup import preflight  # noqa: PLC0415
    from loop.setup.doctor import idle  # noqa: PLC0415
    from loop.setup.preflight import unmerged_session  # noqa: PLC0415

    if not ablate:
        yield preflight.choice(setting).words
        yield idle(setting) or ""
        known = folded(setting.journal) if setting.journal.exists() else State()
        yield unmerged_session(setting.workspace, known, setting.brief.config.scope, tag=tag) or ""
    for path in preflight.uncommitted(setting):
        yield f"{path} has changes that are not committed: the session stands on the commit."


def _report(ctx: "Context", journal: Path, *, as_json: bool) -> None:
    state = folded(journal)
    report(state.sessions.rows[ctx.session.tag], state, as_json=as_json, runs=False)
    if not as_json:
        print("next: ar-tui · ar-journal log · ar-journal sql @near-misses")


def _tell(tested: "list[Tested]", *, metric: str, as_json: bool) -> None:
    """Print which keeps still pay."""
    if as_json:
        print(json.dumps([dataclasses.asdict(one) for one in tested], ensure_ascii=False), flush=True)
        return
    from loop.cli.narrator import printable  # noqa: PLC0415  # an idea is a model's words

    heads = ("gain when kept, σ", "loss without it, σ", f"{printable(metric)} without it")
    print("  ".join([f"{'keep':>5}", *heads, f"{'finding':<17}", "change"]))
    for one in tested:
        change = printable(f"{one.idea}{f' ({one.words})' if one.words else ''}")
        values = zip((one.gain, one.loss, one.delta), heads, strict=True)
        figures = [f"{_signed(value):>{len(head)}}" for value, head in values]
        print("  ".join([f"{f'#{one.keep}':>5}", *figures, f"{one.finding:<17}", change]))


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3g}"


def _notifier(ctx: "Context", command: str | None) -> "Notifier | None":
    """Who tells the person that is not there, if they want to be told."""
    from loop.cli.notify import Notifier  # noqa: PLC0415
    from loop.cli.summary import as_data  # noqa: PLC0415

    if command is None:
        return None
    notifier = Notifier(
        command,
        facts=lambda: as_data(ctx.session, ctx.state),
        complain=lambda words: say(f"note: {words}; the loop goes on"),
    )
    ctx.journal.listen(notifier)
    return notifier
