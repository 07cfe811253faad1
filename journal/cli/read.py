"""Commands that read events: log, show, diff, memory, replay."""

import math
import time
from collections import deque
from collections.abc import Iterable
from typing import Annotated

import msgspec
import typer

from journal.cli.app import JournalOption, JsonOption, NumberArgument, SessionOption, app, latest_tag, reader, state_of
from journal.cli.output import narrate, print_json
from journal.console.text import plain
from journal.errors import JournalMissing
from journal.events import ExperimentCrashed, ExperimentKept, RunFailed, experiment_stream, session_stream
from journal.events.recorded import Recorded
from journal.reports import transcripts
from journal.reports.experiment import Portrait, portray, text
from journal.reports.memory import render
from journal.reports.narration import line
from journal.reports.replay import facts, paced, state_at
from journal.store.tail import Tail, follow

COLOURS = {ExperimentKept: "green", ExperimentCrashed: "red", RunFailed: "red"}


@app.command(epilog="Example: ar-journal log --follow")
def log(
    *,
    last: Annotated[int, typer.Option("--last", "-n", help="Only the last events; 0 for all.", min=0)] = 50,
    experiment: Annotated[
        int | None, typer.Option("--experiment", help="Only of one experiment.", show_default=False)
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", help="Only of this session; all by default, with --experiment the latest.", show_default=False
        ),
    ] = None,
    follow_on: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, until Ctrl-C.")] = False,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Print the events, one line each (with --json one object a line)."""
    with_events = reader(journal)
    head = with_events.head()[0]
    of = session if experiment is None else latest_tag(state_of(with_events), session)
    after = max(0, head - last) if last and of is None else 0
    events = _of(with_events.read(after=after, until=head), of, experiment)
    if session is not None and experiment is None and last:
        events = deque(events, maxlen=last)
    found = False
    for recorded in events:
        found = True
        _print(recorded, json=json)
    if of is not None and not found and not follow_on:
        what = f"session {of}" if experiment is None else f"experiment {experiment} in session {of or '–'}"
        raise JournalMissing(f"There is no {what}: `ar-journal log --last 0` shows what there is.")
    if follow_on:
        with Tail(with_events.path) as tail:
            for recorded in _of(follow(with_events, after=head, tail=tail), of, experiment):
                _print(recorded, json=json)


@app.command(epilog="Examples: ar-journal show 12; ar-journal show 12 --prompt")
def show(
    number: NumberArgument,
    *,
    prompt: Annotated[
        bool, typer.Option("--prompt", help="Instead: what its proposer was asked and answered.")
    ] = False,
    session: SessionOption = None,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Show one experiment whole: idea, hypothesis, runs, verdict in words, what it stands on, diff."""
    if prompt:
        _show_prompts(number, session=session, json=json, journal=journal)
        return
    portrait = _portrait(number, session=session, journal=journal)
    if json:
        print_json(portrait)
    else:
        typer.echo(text(portrait))


@app.command(epilog="Example: ar-journal diff 12 | git apply")
def diff(number: NumberArgument, *, session: SessionOption = None, journal: JournalOption = None) -> None:
    """Print the diff of one experiment; in a pipe, exactly as it was proposed."""
    portrait = _portrait(number, session=session, journal=journal)
    on_terminal = typer.get_text_stream("stdout").isatty()
    typer.echo(plain(portrait.diff) if on_terminal else portrait.diff, nl=False)


@app.command(epilog="Example: ar-journal memory")
def memory(
    *,
    until: Annotated[
        int | None, typer.Option("--at", help="As it was at this position.", min=0, show_default=False)
    ] = None,
    session: SessionOption = None,
    journal: JournalOption = None,
) -> None:
    """Print what a session has learned: the block that the loop writes into the brief."""
    state = state_of(reader(journal), until=until)
    typer.echo(render(state, latest_tag(state, session)))


@app.command(epilog="Example: ar-journal replay --speed 600x")
def replay(
    *,
    start: Annotated[int, typer.Option("--from", help="First position.", min=1)] = 1,
    until: Annotated[int | None, typer.Option("--until", help="Last position.", min=1, show_default=False)] = None,
    speed: Annotated[
        str, typer.Option("--speed", help="Times the night's own pace, as 60x; max for no pauses.")
    ] = "max",
    state: Annotated[
        int | None,
        typer.Option("--state", help="Print what was known at this position, as JSON.", min=0, show_default=False),
    ] = None,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Tell the night again, at any speed, or print the exact state at one point of it."""
    with_events = reader(journal)
    if state is not None:
        print_json(facts(state_at(with_events, state)))
        return
    for step in paced(with_events.read(after=start - 1, until=until), speed=_pace(speed)):
        time.sleep(step.pause)
        _print(step.recorded, json=json)


def _pace(speed: str) -> float:
    try:
        pace = math.inf if speed == "max" else float(speed.removesuffix("x"))
    except ValueError:
        pace = 0.0
    if pace <= 0 or math.isnan(pace):
        raise typer.BadParameter("a number above 0 such as 60x, or max", param_hint="--speed")
    return pace


def _show_prompts(number: int, *, session: str | None, json: bool, journal: JournalOption) -> None:
    with_events = reader(journal)
    tag = latest_tag(state_of(with_events), session)
    streams = (experiment_stream(tag, number), session_stream(tag))
    events = sorted((step for name in streams for step in with_events.stream(name)), key=lambda step: step.position)
    folder = with_events.path.parent / transcripts.FOLDER
    found = transcripts.askings(folder, events, session=tag, experiment=number)
    if json:
        print_json(found)
    else:
        typer.echo("\n\n".join(map(transcripts.text, found)), nl=bool(found))
    if not found:
        narrate(f"No asking for experiment {number} is kept in {folder}: the sampler is asked without words.")
        raise typer.Exit(1)


def _portrait(number: int, *, session: str | None, journal: JournalOption) -> Portrait:
    with_events = reader(journal)
    state = state_of(with_events)
    tag = latest_tag(state, session)
    return portray(state, with_events.stream(experiment_stream(tag, number)), session=tag, experiment=number)


def _of(events: Iterable[Recorded], session: str | None, experiment: int | None) -> Iterable[Recorded]:
    return (
        step
        for step in events
        if session in {None, step.event.session} and experiment in {None, getattr(step.event, "experiment", None)}
    )


def _print(recorded: Recorded, *, json: bool) -> None:
    if json:
        facts = {"type": recorded.event.NAME, "schema": recorded.event.SCHEMA} | msgspec.structs.asdict(recorded)
        typer.echo(msgspec.json.encode(facts))
    else:
        typer.secho(line(recorded), fg=COLOURS.get(type(recorded.event)))
