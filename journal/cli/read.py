"""Commands that print events and what follows from them: log, show, diff, memory, replay."""

import math
import time
from collections import deque
from collections.abc import Collection, Iterable
from typing import Annotated

import msgspec
import typer

from journal.cli.app import (
    JournalOption,
    JsonOption,
    NumberArgument,
    SessionOption,
    StudyOption,
    app,
    open_reader,
    read_state,
    session_tag,
)
from journal.cli.output import print_json
from journal.console.entry import NEGATIVE
from journal.console.terminal import print_note, print_text
from journal.errors import JournalMissing, QueryRefused
from journal.events import ExperimentCrashed, ExperimentKept, RunFailed, experiment_stream, session_stream
from journal.events.recorded import Recorded
from journal.reports import transcripts
from journal.reports.experiment import ExperimentReport, experiment_report, render_experiment
from journal.reports.memory.block import render as render_memory
from journal.reports.narration import log_line
from journal.reports.replay import state_as_dict, with_pauses
from journal.store import Reader
from journal.store.tail import Tail, follow

COLOURS = {ExperimentKept: "green", ExperimentCrashed: "red", RunFailed: "red"}


@app.command(epilog="Example: ar-journal log --follow")
def log(
    *,
    last: Annotated[int, typer.Option("--last", "-n", help="Number of latest events; 0 for all.", min=0)] = 50,
    experiment: Annotated[
        int | None, typer.Option("--experiment", help="Only events of this experiment.", show_default=False)
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            "--session",
            help="Only events of this session (default: all sessions, or the latest with --experiment).",
            show_default=False,
        ),
    ] = None,
    study: StudyOption = False,
    follow_on: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new events, until Ctrl-C.")] = False,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Print events, one per line."""
    reader = open_reader(journal)
    head = reader.head()[0]
    if study and experiment is not None:
        raise QueryRefused("An experiment has a number within one session: name either --experiment or --study.")
    tag = session if experiment is None and not study else session_tag(read_state(reader), session)
    tags = _sessions(reader, tag, study=study)
    after = max(0, head - last) if last and tags is None else 0
    events = _filtered(reader.read(after=after, until=head), tags, experiment)
    if tags is not None and experiment is None and last:
        events = deque(events, maxlen=last)
    has_events = False
    for recorded in events:
        has_events = True
        _print(recorded, json=json)
    if tags is not None and not has_events and not follow_on:
        subject = f"session {tag}" if experiment is None else f"experiment {experiment} in session {tag or '–'}"
        raise JournalMissing(f"There is no {subject}: `ar-journal log --last 0` prints all events.")
    if follow_on:
        with Tail(reader.path) as tail:
            for recorded in _filtered(follow(reader, after=head, tail=tail), tags, experiment):
                _print(recorded, json=json)


@app.command(epilog="Examples: ar-journal show 12; ar-journal show 12 --prompt")
def show(
    number: NumberArgument,
    *,
    prompt: Annotated[
        bool, typer.Option("--prompt", help="Show the requests to its proposer and the answers instead.")
    ] = False,
    session: SessionOption = None,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Show one experiment: idea, hypothesis, verdict, runs, parents, diff."""
    if prompt:
        _show_prompts(number, session=session, json=json, journal=journal)
        return
    report = _report(number, session=session, journal=journal)
    if json:
        print_json(report)
    else:
        print_text(render_experiment(report))


@app.command(epilog="Example: ar-journal diff 12 | git apply")
def diff(number: NumberArgument, *, session: SessionOption = None, journal: JournalOption = None) -> None:
    """Print the diff of one experiment; in a pipe, byte for byte as proposed."""
    print_text(_report(number, session=session, journal=journal).diff, end="")


@app.command(epilog="Example: ar-journal memory")
def memory(
    *,
    until: Annotated[
        int | None, typer.Option("--at", help="Print the block as it was at this position.", min=0, show_default=False)
    ] = None,
    session: SessionOption = None,
    journal: JournalOption = None,
) -> None:
    """Print what a session has learned, as the loop writes it into the brief."""
    state = read_state(open_reader(journal), until=until)
    print_text(render_memory(state, session_tag(state, session)))


@app.command(epilog="Example: ar-journal replay --speed 600x")
def replay(
    *,
    start: Annotated[int, typer.Option("--from", help="Position of the first event.", min=1)] = 1,
    until: Annotated[
        int | None, typer.Option("--until", help="Position of the last event.", min=1, show_default=False)
    ] = None,
    speed: Annotated[
        str, typer.Option("--speed", help="Multiple of the original pace, e.g. 60x; max prints without pauses.")
    ] = "max",
    state: Annotated[
        int | None,
        typer.Option("--state", help="Print the state at this position as JSON instead.", min=0, show_default=False),
    ] = None,
    json: JsonOption = False,
    journal: JournalOption = None,
) -> None:
    """Print events at their original pace or faster, or the state at one position."""
    reader = open_reader(journal)
    if state is not None:
        print_json(state_as_dict(read_state(reader, until=state)))
        return
    for step in with_pauses(reader.read(after=start - 1, until=until), speed=_pace(speed)):
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
    reader = open_reader(journal)
    tag = session_tag(read_state(reader), session)
    streams = (experiment_stream(tag, number), session_stream(tag))
    events = sorted((event for name in streams for event in reader.stream(name)), key=lambda event: event.position)
    folder = reader.path.parent / transcripts.FOLDER
    records = transcripts.read_transcripts(folder, events, session=tag, experiment=number)
    if json:
        print_json(records)
    else:
        print_text("\n\n".join(map(transcripts.render, records)), end="\n" if records else "")
    if not records:
        print_note(f"{folder} has no request for experiment {number}: the sampler sends none.")
        if not json:  # a program has its empty list
            raise typer.Exit(NEGATIVE)


def _report(number: int, *, session: str | None, journal: JournalOption) -> ExperimentReport:
    reader = open_reader(journal)
    state = read_state(reader)
    tag = session_tag(state, session)
    return experiment_report(state, reader.stream(experiment_stream(tag, number)), session=tag, experiment=number)


def _sessions(reader: Reader, tag: str | None, *, study: bool) -> Collection[str] | None:
    """The session of the tag, or all of its study; None for every session."""
    if study:
        return read_state(reader).studies.sessions(tag or "")
    return None if tag is None else (tag,)


def _filtered(
    events: Iterable[Recorded], sessions: Collection[str] | None, experiment: int | None
) -> Iterable[Recorded]:
    return (
        recorded
        for recorded in events
        if (sessions is None or recorded.event.session in sessions)
        and experiment in {None, getattr(recorded.event, "experiment", None)}
    )


def _print(recorded: Recorded, *, json: bool) -> None:
    if json:
        fields = {"type": recorded.event.NAME, "schema": recorded.event.SCHEMA} | msgspec.structs.asdict(recorded)
        print_text(msgspec.json.encode(fields).decode(), flush=True)
    else:
        print_text(log_line(recorded), colour=COLOURS.get(type(recorded.event)), flush=True)
