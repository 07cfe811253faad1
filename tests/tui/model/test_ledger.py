import nights
import pytest
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

WHO = {"session": nights.TAG, "author": "ada@box", "channel": "cli"}


def record(events, *, after=0):
    """Events with positions and times, as a journal would give them."""
    clock = nights.Clock()
    return [
        Recorded(position, clock().isoformat(), "stream", 1, event, "")
        for position, event in enumerate(events, start=after + 1)
    ]


def ledger_of(recorded):
    ledger = Ledger()
    for one in recorded:
        ledger.apply(one)
    return ledger


def told(view):
    """Everything that a view says, as plain values."""
    rows = [view.row(index) for index in range(view.count)]
    figures = [view.figure(name, row.index) for row in rows for name in ("metric", "delta", "gain")]
    return (
        view.session,
        rows,
        figures,
        list(view.rows),
        list(view.kept),
        list(view.incumbents(limit=99)),
        list(view.training),
        list(view.in_flight),
        view.failures,
    )


def whole_night():
    """A night with everything in it that can be said twice, taken back or answered."""
    idea = nights.IDEAS[0]
    return [
        nights.started(),
        *nights.baseline(),
        *nights.experiment(1, idea, best=1.539, parent=0),
        nights.proposed(2, nights.IDEAS[1]),
        IdeaRefused(session=nights.TAG, experiment=2, attempt=1, rule="repeat", reason="was tried", matched=1),
        PauseRequested(**WHO),
        nights.proposed(2, nights.IDEAS[2]),
        *nights.experiment(2, nights.IDEAS[2], best=1.5078, parent=1)[1:],
        PauseAcknowledged(session=nights.TAG, request=22, outcome="pauses"),
        SessionPaused(session=nights.TAG, reason="asked", until="2026-11-21T02:00:00+00:00"),
        SessionResumed(session=nights.TAG),
        DirectionAdded(**WHO, direction=1, text="try rope"),
        ExperimentInvalidated(session=nights.TAG, experiment=1, rule="veto", reason="taken back by ada@box"),
        *nights.experiment(3, nights.IDEAS[4], best=1.539, parent=0),
        DirectionWithdrawn(**WHO, direction=1),
        ProposerFailed(
            session=nights.TAG,
            experiment=4,
            proposer="claude",
            kind="rate",
            reason="429",
            retry_after=90.0,
            usage=Usage(dollars=None),
        ),
        IncumbentMoved(
            session=nights.TAG,
            experiment=3,
            commit=nights.commit_of(3),
            metric=1.61,
            branch_at="d" * 40,
            reason="asked",
        ),
        SessionRecovered(session=nights.TAG, found="an open run", did="recorded it as killed"),
        *nights.experiment(4, nights.IDEAS[3], best=1.539, parent=0)[:4],
        SessionEnded(session=nights.TAG, reason="bound reached"),
        nights.started("second"),
        *nights.baseline("second"),
    ]


NIGHT, ABREAST = record(whole_night()), record(nights.abreast())
WHOLE, WHOLE_ABREAST = ledger_of(NIGHT), ledger_of(ABREAST)


@given(st.integers(min_value=0, max_value=len(NIGHT)))
@settings(max_examples=len(NIGHT) * 2)
def test_a_replayed_position_shows_what_was_live_then(position):
    live = View(ledger_of(NIGHT[:position]), position)

    replayed = View(WHOLE, position)

    assert told(replayed) == told(live)


@given(st.integers(min_value=0, max_value=len(ABREAST)))
def test_a_replayed_position_of_several_experiments_at_once_shows_what_was_live_then(position):
    live = View(ledger_of(ABREAST[:position]), position)

    replayed = View(WHOLE_ABREAST, position)

    assert told(replayed) == told(live)


@pytest.mark.parametrize("name", ["theatre", "abreast"])
def test_the_ledger_agrees_with_the_journals_own_fold(request, name):
    recorded = list(Reader(request.getfixturevalue(name).path).read())
    state = fold(recorded)
    session = state.sessions.rows[nights.TAG]

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
    assert [view.ledger.number[row] for row in view.kept] == [point.experiment for point in state.frontier.rows]


def test_a_veto_takes_the_experiment_off_the_frontier_and_the_counts():
    veto = next(one.position for one in NIGHT if isinstance(one.event, ExperimentInvalidated))

    before, after = View(WHOLE, veto - 1).session, View(WHOLE, veto).session

    assert (before.counts["keep"], before.counts["invalid"], before.best_experiment) == (3, 0, 2)
    assert (after.counts["keep"], after.counts["invalid"], after.best_experiment) == (2, 1, 2)


def test_what_a_person_chose_to_go_on_from_is_the_incumbent():
    moved = next(one.position for one in NIGHT if isinstance(one.event, IncumbentMoved))

    before, after = View(WHOLE, moved - 1), View(WHOLE, moved)

    assert (before.session.best_experiment, after.session.best_experiment, after.session.best) == (2, 3, 1.61)
    assert [(one.number, one.tried) for one in after.incumbents(limit=9)] == [(0, 0), (2, 2), (3, 3)]


def test_what_is_in_flight_is_told_at_any_position_whatever_was_decided_meanwhile():
    number = WHOLE_ABREAST.number

    told = {
        at: ([number[row] for row in View(WHOLE_ABREAST, at).in_flight], len(View(WHOLE_ABREAST, at).training))
        for at in (1, 7, 9, 20, 23, 26, 36, 45, 59)
    }

    assert told == {
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
        if step and spans.unended:
            spans.end(spans.unended[step % len(spans.unended)], at)
        else:
            spans.begin(at)
    return spans


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 41))
def test_what_goes_on_has_begun_and_not_ended(steps, at):
    spans = spans_of(steps)

    going = spans.going(at)

    assert going == [
        one for one, (begun, ended) in enumerate(zip(spans.begun, spans.ended, strict=True)) if begun <= at < ended
    ]


def test_an_incumbent_with_a_lower_number_than_the_one_before_stands_since_that_one():
    higher, lower = (
        nights.experiment(number, nights.IDEAS[0], best=best, parent=0) for number, best in ((2, 1.539), (1, 1.5078))
    )
    events = [nights.started(), *nights.baseline(), *lower[:4], *higher, *lower[4:]]

    view = View(ledger_of(record(events)), len(events))

    assert [(one.number, one.tried) for one in view.incumbents(limit=9)] == [(0, 0), (2, 2), (1, 2)]
    assert (view.session.best_experiment, view.session.best) == (1, pytest.approx(1.4766))


def test_a_gain_on_a_parent_that_is_the_incumbent_no_longer_is_told_apart():
    view = View(WHOLE_ABREAST, len(ABREAST))

    assert [view.row(row).word for row in view.rows[:5]] == ["keep", "moved", "keep", "discard", "keep"]


def test_an_experiment_stands_on_what_its_commit_holds():
    chosen = nights.proposed(4, nights.IDEAS[0], parent=3)
    ledger = ledger_of(record([*whole_night()[:-5], chosen]))
    row = ledger.find(nights.TAG, 4)

    assert [ledger.number[one] for one in ancestors(ledger, row, limit=9)] == [3, 0]
    assert [ledger.number[one] for one in ancestors(ledger, row, limit=1)] == [3]


def test_a_proposer_that_failed_rests_until_it_is_asked_again():
    failed = next(one.position for one in NIGHT if isinstance(one.event, ProposerFailed))

    session = View(WHOLE, failed).session

    assert (session.rest.proposer, session.rest.until[11:19]) == ("claude", "21:18:17")
    assert session.news == "claude failed (rate): 429; not asked again before 21:18:17 UTC"
    assert View(WHOLE, failed - 1).session.rest is None


def test_a_plateau_is_counted_from_the_last_keep():
    events = [nights.started(), *nights.baseline()]
    tried = [nights.experiment(number, nights.IDEAS[1], best=1.539, parent=0) for number in (1, 2)]

    view = View(ledger_of(record([*events, *tried[0], *tried[1]])), 99)

    assert (view.session.since_keep, view.session.plateau) == (2, None)


def test_a_price_that_is_unknown_once_is_unknown_from_then_on():
    failed = next(one.position for one in NIGHT if isinstance(one.event, ProposerFailed))

    assert View(WHOLE, failed - 1).session.dollars is not None
    assert View(WHOLE, failed).session.dollars is None


def test_a_request_waits_until_it_is_acknowledged():
    asked = next(one.position for one in NIGHT if isinstance(one.event, PauseRequested))
    answered = next(one.position for one in NIGHT if isinstance(one.event, PauseAcknowledged))
    assert asked == 22

    waiting, done = View(WHOLE, asked).session, View(WHOLE, answered).session

    assert [one.words for one in waiting.waiting] == ["pause"]
    assert (done.waiting, done.news) == ((), "pause: pauses")


def test_a_run_without_its_proposal_is_passed_over():
    events = [nights.started(), *nights.run_of(7, 1), nights.finished(7, 1, 1.5), *nights.crash(7, best=1.5)]

    view = View(ledger_of(record(events)), len(events))

    assert (view.count, view.training, view.failures) == (0, [], 0)


def test_verdicts_are_found_on_either_side_of_a_position():
    first = View(WHOLE, 1).verdict_beside(1, on=True)
    assert first is not None

    second = View(WHOLE, first).verdict_beside(first, on=True)

    assert View(WHOLE, first).verdict_beside(first, on=False) is None
    assert View(WHOLE, second).verdict_beside(second, on=False) == first


def test_the_session_is_the_one_that_the_loop_worked_on_last_whatever_people_ask_of_another():
    def started(tag):
        return SessionStarted(
            session=tag, brief="", brief_hash="", config={}, base="b", start="b", branch=f"autoresearch/{tag}"
        )

    old, new = "old", "new"
    events = [started(old), started(new), SessionResumed(session=old), PauseRequested(**{**WHO, "session": new})]
    ledger = ledger_of(record(events))

    assert [View(ledger, at).session.tag for at in (1, 2, 3, 4)] == [old, new, old, old]
