"""The live screen says what is so: runs, differences, states, requests."""

from datetime import timedelta

import msgspec
import pytest
import sessions
from msgspec.structs import replace
from painter import NOW, ScenePainter

from journal.events import (
    DirectionAcknowledged,
    DirectionAdded,
    PauseAcknowledged,
    PauseRequested,
    RepositoryTouched,
    RequestWithdrawn,
    SessionPaused,
    SkipAcknowledged,
    SkipRequested,
    StopAcknowledged,
    StopRequested,
    VetoRequested,
)
from journal.store import Journal
from tui.model.run_curve import RunCurve
from tui.model.snapshot import Snapshot
from tui.screens.paint import paint
from tui.state.ui import Scene, Ui

WHO = {"session": sessions.TAG, "author": "ada@box", "channel": "cli"}
EVENTS = [sessions.started(), *sessions.baseline(), *sessions.experiment(1, sessions.IDEAS[0], best=1.539, parent=0)]


@pytest.fixture(scope="module")
def rerun(tmp_path_factory):
    """Experiment 12 measures the incumbent again."""
    path = tmp_path_factory.mktemp("rerun") / "journal.db"
    sessions.write_rerun(path).close()
    return ScenePainter(path)


@pytest.fixture(scope="module")
def replicate(tmp_path_factory):
    """Experiment 12 runs again itself."""
    path = tmp_path_factory.mktemp("replicate") / "journal.db"
    sessions.write_rerun(path, purpose="replicate").close()
    return ScenePainter(path)


def cells(frame, role):
    """The characters of a role, line by line."""
    lines = zip(frame.chars, frame.roles, strict=True)
    return ["".join(char for char, each in zip(*line, strict=True) if role in each.split()) for line in lines]


def view_of(events):
    from test_paint import view_of

    return view_of(events)


def text_of(events, *, width=100, now=NOW, present=None, is_loop_running=True, **choices):
    """The screen after these events."""
    last = sessions.START + timedelta(seconds=4 * len(events))
    snapshot = Snapshot(
        view=view_of(events), head=len(events), recorded_at=last.isoformat(), is_loop_running=is_loop_running
    )
    scene = Scene(snapshot=snapshot, ui=Ui(**choices), now=now, present=present or now)
    return paint(scene, width=width, height=30).text()


# --- runs ---


def test_a_rerun_of_the_incumbent_is_named_and_not_compared_with_itself(rerun):
    text = rerun.text(width=100, height=30)

    strip = next(line for line in text.splitlines() if "run 1 1.4701" in line)
    measured = next(line for line in text.splitlines() if "tok/s" in line)
    assert "run 1 1.4701 +1.0σ  ·  run 2 █████░░░ 60% incumbent 8 s left" in strip
    assert "to incumbent" not in measured


def test_control_a_run_of_the_candidate_is_compared_with_the_incumbent(replicate):
    text = replicate.text(width=100, height=30)

    assert "run 2 █████░░░ 60% again 8 s left" in text
    assert "to incumbent at 12 s" in text


def test_the_curve_of_the_incumbents_rerun_has_a_colour_of_its_own_beside_the_candidates(rerun, replicate):
    ui = Ui(is_zoomed=True)

    again, own = (each.frame(ui, width=130, height=40) for each in (rerun, replicate))

    assert "".join(cells(again, "again")).count("⠤") + len("".join(cells(again, "again"))) > 20
    assert "━ #12  ━ incumbent again" in again.text()
    assert "".join(cells(own, "again")) == ""


def test_the_experiment_screen_shows_the_candidates_own_curve(rerun):
    scene = rerun.scene(Ui(screen="experiment", experiment=rerun.row(12), pane="curve"))

    assert (len(scene.data.curve), len(rerun.live.active[0].curve)) == (20, 12)


@pytest.mark.parametrize(
    ("purposes", "words"),
    [(["candidate", "incumbent", "replicate"], "up to 2 more pairs"), (["baseline"], "2 more")],
)
def test_the_strip_says_what_is_still_to_come(purposes, words):
    start = sessions.started()
    start = msgspec.structs.replace(start, config={**start.config, "reruns": 3, "baseline_runs": 3})
    number = 0 if purposes == ["baseline"] else 12
    runs = [
        event
        for run, purpose in enumerate(purposes, start=1)
        for event in [
            *sessions.run_of(number, run, purpose=purpose),
            sessions.finished(number, run, 1.5, purpose=purpose),
        ]
    ]
    painted = strip_of([start, *sessions.baseline()[:1], sessions.proposed(number, sessions.IDEAS[0]), *runs], number)

    assert painted.endswith(words)


def strip_of(events, number):
    from journal.events.recorded import Recorded
    from tui.model.snapshot import ActiveExperiment, fold_detail
    from tui.widgets.run_strip import run_strip

    stream = [
        Recorded(position, sessions.START.isoformat(), "s", 1, event, "")
        for position, event in enumerate(events, start=1)
        if getattr(event, "experiment", None) == number
    ]
    detail = fold_detail(stream, until=len(events))
    active = ActiveExperiment(row=0, detail=detail, run=detail.runs[-1], curve=RunCurve(), own_curve=RunCurve())
    scene = Scene(snapshot=Snapshot(view=view_of(events)), ui=Ui(), now=NOW)
    return "".join(text for text, _ in run_strip(scene, active))


def test_a_run_whose_loop_has_ended_has_no_time_left(painter):
    gone = replace(painter.live, is_loop_running=False)
    scene = replace(painter.scene(), snapshot=gone)

    text = paint(scene, width=100, height=30).text()

    assert "interrupted: the loop does not run" in text
    assert " left of " not in text


# --- nothing that is not known ---


def test_a_loop_on_another_machine_is_not_said_to_train(painter):
    unknown = replace(painter.live, is_loop_running=None)

    text = paint(replace(painter.scene(), snapshot=unknown), width=100, height=30).text()

    assert "▸ training #12, as recorded" in text


def test_a_journal_that_cannot_be_read_says_nothing_about_the_loop(painter):
    unreadable = replace(painter.live, read_error="There is no journal.", is_loop_running=None)

    text = paint(replace(painter.scene(), snapshot=unreadable), width=100, height=30).text()

    assert "journal unreadable" in text
    assert "training #12" not in text


@pytest.mark.parametrize("screen", ["live", "history", "failures", "replay"])
def test_while_a_long_journal_is_read_no_count_and_no_cost_is_shown(painter, screen):
    reading = replace(painter.live, events_read=40)
    replay = {"replay": 61} if screen == "replay" else {}
    scene = replace(painter.scene(Ui(screen=screen, **replay)), snapshot=reading)

    text = paint(scene, width=100, height=30).text()

    assert "reading the journal" in text
    assert not [word for word in ("✓ 3 kept", "$0.27", "since last keep", "failed runs", "keeps/h") if word in text]


def test_control_once_it_is_read_they_are_shown(painter):
    text = painter.text(width=100, height=30)

    assert all(word in text for word in ("✓ 3 kept", "$0.27", "3 since"))


# --- header ---


def test_a_long_name_of_the_session_leaves_the_metric_the_best_and_the_noise():
    name = "a-very-long-name-of-a-session-that-somebody-gave-it-on-a-friday-evening-in-november"
    started = msgspec.structs.replace(sessions.started(), session=name)
    events = [started, *(msgspec.structs.replace(event, session=name) for event in EVENTS[1:])]

    line = text_of(events, width=80).splitlines()[1]

    assert "val_bpb ↓ 1.5078 (#1)" in line
    assert "σ 0.0052" in line
    assert "a-very-l" in line


def test_a_long_name_of_the_metric_leaves_the_best_and_the_noise():
    start = sessions.started()
    config = {
        **start.config,
        "metric": "validation_bits_per_byte_of_the_held_out_split_after_the_whole_budget_of_training",
    }

    line = text_of([msgspec.structs.replace(start, config=config), *EVENTS[1:]], width=80).splitlines()[1]

    assert "↓ 1.5078 (#1)" in line
    assert "σ 0.0052" in line


def config_of(**facts):
    start = sessions.started()
    return [msgspec.structs.replace(start, config={**start.config, **facts}), *EVENTS[1:]]


def test_the_header_says_whether_it_goes_well():
    lines = text_of(config_of(experiments=40, max_cost=20.0), width=140, now=sessions.START + timedelta(hours=2))

    text = "\n".join(lines.splitlines()[:3])

    assert "-2.0%  +6.0σ" in text
    assert "1 of 40" in text
    assert "0.5 keeps/h" in text
    assert "$0.04 of $20.00" in text


def test_control_a_session_of_a_minute_has_no_pace():
    assert "keeps/h" not in text_of(EVENTS, width=140, now=sessions.START + timedelta(minutes=1))


def test_the_end_is_estimated_from_the_limits_of_the_brief():
    now = sessions.START + timedelta(hours=1)

    assert "ends about 05:14" in text_of(config_of(hours=8), width=160, now=now)
    assert "ends about" not in text_of(EVENTS, width=160, now=now)


# --- requests ---


PAUSE, STOP = PauseRequested(**WHO), StopRequested(**WHO)
POSITION = len(EVENTS) + 3  # of the first request, behind a proposal and a run
OPEN = [*EVENTS, sessions.proposed(2, sessions.IDEAS[1]), sessions.run_of(2, 1)[0]]


def answered(kind, outcome, *, done=True):
    return kind(session=sessions.TAG, request=POSITION, outcome=outcome, done=done)


@pytest.mark.parametrize("screen", ["live", "history", "failures", "sql"])
@pytest.mark.parametrize(
    ("requests", "chip"),
    [
        ([PAUSE], "pause asked"),
        ([PAUSE, answered(PauseAcknowledged, "pausing")], "pausing after #2"),
        ([STOP, answered(StopAcknowledged, "stopping")], "stopping after #2"),
        ([SkipRequested(**WHO, experiment=2)], "skip #2 asked"),
        ([SkipRequested(**WHO, experiment=2), answered(SkipAcknowledged, "skipped")], "skipping #2"),
        ([VetoRequested(**WHO, experiment=1)], "veto #1 after #2"),
        ([PAUSE, RequestWithdrawn(**WHO, request=POSITION)], "withdrawing: pause"),
        (
            [DirectionAdded(**WHO, direction=1, text="rope"), answered(DirectionAcknowledged, "noted")],
            "direction 1 → next proposal",
        ),
    ],
)
def test_a_request_is_a_chip_in_the_header_of_every_screen(screen, requests, chip):
    text = text_of([*OPEN, *requests], screen=screen)

    assert chip in "\n".join(text.splitlines()[:3])


@pytest.mark.parametrize(
    "events",
    [
        [PAUSE, answered(PauseAcknowledged, "pausing"), SessionPaused(session=sessions.TAG, reason="a pause")],
        [PAUSE, answered(PauseAcknowledged, "no loop was running", done=False)],
        [SkipRequested(**WHO, experiment=2), answered(SkipAcknowledged, "skipped"), *sessions.crash(2, best=1.5)],
        [
            DirectionAdded(**WHO, direction=1, text="rope"),
            answered(DirectionAcknowledged, "noted"),
            sessions.proposed(3, sessions.IDEAS[2]),
        ],
    ],
    ids=["paused", "refused", "skipped", "proposed"],
)
def test_the_chip_goes_once_it_is_done_or_refused(events):
    header = "\n".join(text_of([*OPEN, *events]).splitlines()[:3])

    assert not [word for word in ("asked", "pausing", "skipping", "direction") if word in header]


def test_without_a_loop_a_request_is_said_to_wait_for_one():
    assert "pause: loop not running" in text_of([*OPEN, PAUSE], is_loop_running=False)


@pytest.mark.parametrize(("seconds", "is_shown"), [(5, True), (40, False)])
def test_the_result_of_a_request_is_shown_for_half_a_minute(seconds, is_shown):
    events = [*OPEN, PAUSE, answered(PauseAcknowledged, "no loop was running", done=False)]
    present = sessions.START + timedelta(seconds=4 * len(events) + seconds)

    text = text_of(events, width=140, present=present)

    assert ("pause: not done: no loop was running" in text) is is_shown


@pytest.mark.parametrize("screen", ["live", "history", "failures", "sql"])
def test_every_screen_says_that_the_repository_changed_while_an_agent_ran(tmp_path, screen):
    touched = RepositoryTouched(session=sessions.TAG, experiment=1, changes=("HEAD moved from a to b",))

    assert "! repository changed" in painted_after(tmp_path, touched).text(screen=screen, width=100)


def test_control_a_session_without_such_a_change_says_nothing_of_it(tmp_path):
    assert "repository changed" not in painted_after(tmp_path).text(screen="live", width=100)


def painted_after(tmp_path, *events):
    path = tmp_path / "journal.db"
    journal = Journal(path, clock=sessions.Clock())
    journal.acquire()
    journal.restore(sessions.rows_of([(f"session/{sessions.TAG}", [sessions.started(), *events])]))
    journal.close()
    return ScenePainter(path)
