"""Commands that read events: log, show, diff."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
import typer

from journal.cli.app import JournalOption, JsonOption, NumberArgument, SessionOption, app, latest_tag, reader, state_of
from journal.cli.output import print_json
from journal.events import ExperimentCrashed, ExperimentKept, RunFailed, experiment_stream
from journal.portrait import Portrait, portray, text
from journal.recorded import Recorded
from journal.tail import Tail, follow
from journal.words import line, plain

COLOURS = {ExperimentKept: "green", ExperimentCrashed: "red", RunFailed: "red"}


@app.command(epilog="Example: ar-journal log --follow")
def log(
    *,
    last: Annotated[int, typer.Option("--last", "-n", help="Only the last events; 0 for all.")] = 50,
    experiment: Annotated[
        int | None, typer.Option("--experiment", help="Only of one experiment.", show_default=False)
    ] = None,
    follow_on: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, until Ctrl-C.")] = False,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Print the events, one line each (with --json one object a line)."""
    with_events = reader(journal)
    head = with_events.head()[0]
    after = max(0, head - last) if last and experiment is None else 0
    for recorded in _of(with_events.read(after=after, until=head), experiment):
        _print(recorded, json=json)
    if follow_on:
        with Tail(with_events.path) as tail:
            for recorded in _of(follow(with_events, after=head, tail=tail), experiment):
                _print(recorded, json=json)


@app.command(epilog="Example: ar-journal show 12")
def show(
    number: NumberArgument, *, session: SessionOption = None, json: JsonOption = False, journal: JournalOption = None
) -> None:
    """Show one experiment whole: idea, hypothesis, runs, verdict in words, what it stands on, diff."""
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


def _portrait(number: int, *, session: str | None, journal: JournalOption) -> Portrait:
    with_events = reader(journal)
    state = state_of(with_events)
    tag = latest_tag(state, session)
    return portray(state, with_events.stream(experiment_stream(tag, number)), session=tag, experiment=number)


def _of(events: Iterable[Recorded], experiment: int | None) -> Iterable[Recorded]:
    return (step for step in events if experiment is None or getattr(step.event, "experiment", None) == experiment)


def _print(recorded: Recorded, *, json: bool) -> None:
    if json:
        facts = {"type": recorded.event.NAME, "schema": recorded.event.SCHEMA} | msgspec.structs.asdict(recorded)
        typer.echo(msgspec.json.encode(facts))
    else:
        typer.secho(line(recorded), fg=COLOURS.get(type(recorded.event)))
