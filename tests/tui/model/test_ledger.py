import pytest
import sessions
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.events import (
    DirectionAdded,
    DirectionWithdrawn,
    ExperimentInvalidated,
    IdeaRefused,
    IncumbentMoved,
    PauseAcknowledged,
    PauseRequested,
    ProposerFailed,
    SessionEnded,
    SessionPaused,
    SessionRecovered,
    SessionResumed,
    SessionStarted,
    Usage,
)
from journal.events.recorded import Recorded
from journal.projections.state import fold
from journal.store import Reader
from tui.model.columns import Spans
from tui.model.incumbents import ancestors
from tui.model.ledger import Ledger
from tui.model.view import View

WHO = {"session": sessions.TAG, "author": "ada@box", "channel": "cli"}


def record(events, *, after=0):
    """Events with positions and times, as a journal would give them."""
    clock = sessions.Clock()
    return [
        Recorded(position, clock().isoformat(), "stream", 1, event, "")
        for position, event in enumerate(events, start=after + 1)
    ]


def ledger_of(recorded):
    ledger = Ledger()
    for one in recorded:
        ledger.apply(one)
    return ledger


def contents(view):
    """All values of a view."""
    rows = [view.row(index) for index in range(view.experiment_count)]
    figures = [view.measurement(name, row.index) for row in rows for name in ("metric", "delta", "gain")]
    return (
        view.session,
        rows,
        figures,
        list(view.rows),
        list(view.kept_rows),
        list(view.incumbents(limit=99)),
        list(view.active_runs),
        list(view.active_rows),
        view.failure_count,
    )


def whole_session():
    """A session with every event that can be repeated, undone or answered."""
    idea = sessions.IDEAS[0]
    return [
        sessions.started(),
        *sessions.baseline(),
        *sessions.experiment(1, idea, best=1.539, parent=0),
        sessions.proposed(2, sessions.IDEAS[1]),
        IdeaRefused(session=sessions.TAG, experiment=2, attempt=1, rule="repeat", reason="was tried", matched=1),
        PauseRequested(**WHO),
        sessions.proposed(2, sessions.IDEAS[2]),
        *sessions.experiment(2, sessions.IDEAS[2], best=1.5078, parent=1)[1:],
        PauseAcknowledged(session=sessions.TAG, request=22, outcome="pauses"),
        SessionPaused(session=sessions.TAG, reason="asked"),
        SessionResumed(session=sessions.TAG),
        DirectionAdded(**WHO, direction=1, text="try rope"),
        ExperimentInvalidated(session=sessions.TAG, experiment=1, rule="veto", reason="taken back by ada@box"),
        *sessions.experiment(3, sessions.IDEAS[4], best=1.539, parent=0),
        DirectionWithdrawn(**WHO, direction=1),
        ProposerFailed(
            session=sessions.TAG,
            experiment=4,
            proposer="claude",
            kind="rate",
            reason="429",
            retry_after=90.0,
            usage=Usage(dollars=None),
        ),
        IncumbentMoved(
            session=sessions.TAG,
            experiment=3,
            commit=sessions.commit_of(3),
            metric=1.61,
            branch_at="d" * 40,
            reason="asked",
        ),
        SessionRecovered(session=sessions.TAG, found="an open run", did="recorded it as killed"),
        *sessions.experiment(4, sessions.IDEAS[3], best=1.539, parent=0)[:4],
        SessionEnded(session=sessions.TAG, reason="bound reached"),
        sessions.started("second"),
        *sessions.baseline("second"),
    ]


SESSION, PARALLEL = record(whole_session()), record(sessions.parallel())
LEDGER, LEDGER_PARALLEL = ledger_of(SESSION), ledger_of(PARALLEL)


@given(st.integers(min_value=0, max_value=len(SESSION)))
@settings(max_examples=len(SESSION) * 2)
def test_a_replayed_position_shows_what_was_live_then(position):
    live = View(ledger_of(SESSION[:position]), position)

    replayed = View(LEDGER, position)

    assert contents(replayed) == contents(live)


@given(st.integers(min_value=0, max_value=len(PARALLEL)))
def test_a_replayed_position_of_several_experiments_at_once_shows_what_was_live_then(position):
    live = View(ledger_of(PARALLEL[:position]), position)

    replayed = View(LEDGER_PARALLEL, position)

    assert contents(replayed) == contents(live)


@pytest.mark.parametrize("name", ["painter", "parallel"])
def test_the_ledger_agrees_with_the_journals_own_fold(request, name):
    recorded = list(Reader(request.getfixturevalue(name).path).read())
    state = fold(recorded)
    session = state.sessions.rows[sessions.TAG]

    view = View(ledger_of(recorded), recorded[-1].position)

    assert view.session.counts == session.counts
    assert (view.session.best, view.session.sigma, view.session.baseline) == (
        session.best,
        session.sigma,
        session.baseline,
    )
    assert view.session.dollars == pytest.approx(session.dollars)
    assert [(row.number, row.status, row.metric) for row in map(view.row, view.rows)] == [
        (one.number, one.status, one.metric) for one in state.experiments.rows.values()
    ]
    assert [view.ledger.number[row] for row in view.kept_rows] == [point.experiment for point in state.frontier.rows]


def test_a_veto_takes_the_experiment_off_the_frontier_and_the_counts():
    veto = next(one.position for one in SESSION if isinstance(one.event, ExperimentInvalidated))

    before, after = View(LEDGER, veto - 1).session, View(LEDGER, veto).session

    assert (before.counts["keep"], before.counts["invalid"], before.best_experiment) == (3, 0, 2)
    assert (after.counts["keep"], after.counts["invalid"], after.best_experiment) == (2, 1, 2)


def test_the_experiment_that_a_person_chose_is_the_incumbent():
    moved = next(one.position for one in SESSION if isinstance(one.event, IncumbentMoved))

    before, after = View(LEDGER, moved - 1), View(LEDGER, moved)

    assert (before.session.best_experiment, after.session.best_experiment, after.session.best) == (2, 3, 1.61)
    assert [(one.number, one.since) for one in after.incumbents(limit=9)] == [(0, 0), (2, 2), (3, 3)]


def test_a_view_shows_what_was_in_flight_at_its_position_whatever_was_decided_since():
    number = LEDGER_PARALLEL.number

    in_flight = {
        at: ([number[row] for row in View(LEDGER_PARALLEL, at).active_rows], len(View(LEDGER_PARALLEL, at).active_runs))
        for at in (1, 7, 9, 20, 23, 26, 36, 45, 59)
    }

    assert in_flight == {
        1: ([], 0),
        7: ([0], 3),
        9: ([0], 2),
        20: ([1, 2], 2),
        23: ([1], 1),
        26: ([1, 3], 2),
        36: ([3], 1),
        45: ([], 0),
        59: ([6, 7, 8, 9], 3),
    }


def spans_of(steps):
    """0 begins one; any other number ends one of those that go on."""
    spans = Spans()
    for at, step in enumerate(steps, start=1):
        if step and spans.unclosed:
            spans.close(spans.unclosed[step % len(spans.unclosed)], at)
        else:
            spans.open(at)
    return spans


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 41))
def test_what_goes_on_has_begun_and_not_ended(steps, at):
    spans = spans_of(steps)

    going = spans.open_at(at)

    assert going == [
        one for one, (begun, ended) in enumerate(zip(spans.starts, spans.ends, strict=True)) if begun <= at < ended
    ]


def test_an_incumbent_with_a_lower_number_than_the_one_before_stands_since_that_one():
    higher, lower = (
        sessions.experiment(number, sessions.IDEAS[0], best=best, parent=0)
        for number, best in ((2, 1.539), (1, 1.5078))
    )
    events = [sessions.started(), *sessions.baseline(), *lower[:4], *higher, *lower[4:]]

    view = View(ledger_of(record(events)), len(events))

    assert [(one.number, one.since) for one in view.incumbents(limit=9)] == [(0, 0), (2, 2), (1, 2)]
    assert (view.session.best_experiment, view.session.best) == (1, pytest.approx(1.4766))


def test_a_gain_on_a_stale_base_has_a_label_of_its_own():
    view = View(LEDGER_PARALLEL, len(PARALLEL))

    assert [view.row(row).label for row in view.rows[:5]] == ["keep", "moved", "keep", "discard", "keep"]


def test_an_experiment_stands_on_what_its_commit_holds():
    chosen = sessions.proposed(4, sessions.IDEAS[0], parent=3)
    ledger = ledger_of(record([*whole_session()[:-5], chosen]))
    row = ledger.find(sessions.TAG, 4)

    assert [ledger.number[one] for one in ancestors(ledger, row, limit=9)] == [3, 0]
    assert [ledger.number[one] for one in ancestors(ledger, row, limit=1)] == [3]


def test_a_proposer_that_failed_is_in_backoff_until_its_next_call():
    failed = next(one.position for one in SESSION if isinstance(one.event, ProposerFailed))

    session = View(LEDGER, failed).session

    assert (session.backoff.proposer, session.backoff.until[11:19]) == ("claude", "21:18:17")
    assert session.notice.text == "claude failed (rate): 429; next call at 21:18:17 UTC"
    assert View(LEDGER, failed - 1).session.backoff is None


def test_a_plateau_is_counted_from_the_last_keep():
    events = [sessions.started(), *sessions.baseline()]
    tried = [sessions.experiment(number, sessions.IDEAS[1], best=1.539, parent=0) for number in (1, 2)]

    view = View(ledger_of(record([*events, *tried[0], *tried[1]])), 99)

    assert (view.session.since_keep, view.session.limit("plateau")) == (2, None)


def test_a_price_that_is_unknown_once_is_unknown_from_then_on():
    failed = next(one.position for one in SESSION if isinstance(one.event, ProposerFailed))

    assert View(LEDGER, failed - 1).session.dollars is not None
    assert View(LEDGER, failed).session.dollars is None


def test_a_request_waits_until_it_is_acknowledged():
    request = next(one.position for one in SESSION if isinstance(one.event, PauseRequested))
    answer = next(one.position for one in SESSION if isinstance(one.event, PauseAcknowledged))
    assert request == 22

    before, after, done = (View(LEDGER, position).session for position in (request, answer, answer + 1))

    assert [one.text for one in before.open_requests] == ["pause"]
    assert ([one.text for one in after.requests], after.open_requests) == (["pause"], ())
    assert (done.requests, done.result.text) == ((), "pause: pauses")


def test_a_run_without_its_proposal_is_passed_over():
    events = [sessions.started(), *sessions.run_of(7, 1), sessions.finished(7, 1, 1.5), *sessions.crash(7, best=1.5)]

    view = View(ledger_of(record(events)), len(events))

    assert (view.experiment_count, view.active_runs, view.failure_count) == (0, [], 0)


def test_verdicts_are_found_on_either_side_of_a_position():
    first = View(LEDGER, 1).adjacent_verdict(1, is_forward=True)
    assert first is not None

    second = View(LEDGER, first).adjacent_verdict(first, is_forward=True)

    assert View(LEDGER, first).adjacent_verdict(first, is_forward=False) is None
    assert View(LEDGER, second).adjacent_verdict(second, is_forward=False) == first


def test_the_session_is_the_one_that_the_loop_worked_on_last_whatever_people_ask_of_another():
    def started(tag):
        return SessionStarted(
            session=tag, brief="", brief_hash="", config={}, base="b", start="b", branch=f"autoresearch/{tag}"
        )

    old, new = "old", "new"
    events = [started(old), started(new), SessionResumed(session=old), PauseRequested(**{**WHO, "session": new})]
    ledger = ledger_of(record(events))

    assert [View(ledger, at).session.tag for at in (1, 2, 3, 4)] == [old, new, old, old]
