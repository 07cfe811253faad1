"""The limits that end a call of the loop, and which of them end the session."""

import pytest

from journal.events import Usage
from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.projections.spend import Costs
from loop.brief.config import Config
from loop.experiment.request import since_keep
from loop.session.stop_conditions import limit_reached


def config(**keys) -> Config:
    return Config(goal="g", metric="m", **{"direction": "minimize", **keys})


def session(**figures) -> Session:
    return Session(tag="night", **figures)


def history(statuses: str) -> list[Experiment]:
    """Experiments from a word such as "kdcci"."""
    names = {"k": "keep", "d": "discard", "c": "crash", "i": "invalid"}
    return [Experiment(session="night", number=number, status=names[sign]) for number, sign in enumerate(statuses)]


@pytest.mark.parametrize(
    ("figures", "keys", "reason"),
    [
        ({"best": 0.9}, {"target": 0.9}, "the target 0.9 is reached"),
        ({"best": 0.9}, {"target": 0.9, "direction": "maximize"}, "the target 0.9 is reached"),
        ({"experiments": 3}, {"experiments": 3}, "all 3 experiments of the brief are done"),
        ({"experiments": 1}, {"experiments": 1}, "the one experiment of the brief is done"),
        (
            {"costs": Costs(dollars=20.0)},
            {},
            "the proposals have cost 20.00 dollars, which reaches `max_cost` of the brief",
        ),
        (
            {"costs": Costs(dollars=1.0, unpriced=Usage(tokens_in=30_000_000))},
            {"max_cost": 0.01},
            (
                "the proposals have cost 301.00 dollars, with tokens of an unknown price at the highest list price, which "
                "reaches `max_cost` of the brief"
            ),
        ),
        ({}, {"max_cost": 0.0}, "the proposals have cost 0.00 dollars, which reaches `max_cost` of the brief"),
    ],
)
def test_a_bound_of_the_brief_ends_the_session(figures, keys, reason):
    ending = limit_reached(session(**figures), history("k"), config(**keys), limit=None, hours=0.0)

    assert (ending.reason, ending.final) == (reason, True)


@pytest.mark.parametrize(
    ("statuses", "keys", "limit", "hours", "reason"),
    [
        ("k", {"hours": 0.5}, None, 0.5, "the 0.5 hours of the brief are over"),
        ("kdccc", {"failures": 3}, None, 0.0, "the last 3 experiments crashed"),
        ("kdccic", {"failures": 3}, None, 0.0, "the last 3 experiments crashed"),
        ("kddkdddd", {"plateau": 2}, None, 0.0, "none of the last 4 experiments was kept"),
        ("kdcicd", {"plateau": 2}, None, 0.0, "none of the last 4 experiments was kept"),
        ("k", {}, 0, 0.0, "all requested experiments are done"),
    ],
)
def test_a_bound_of_the_call_leaves_the_session_to_the_next(statuses, keys, limit, hours, reason):
    ending = limit_reached(session(), history(statuses), config(**keys), limit=limit, hours=hours)

    assert ending.reason.startswith(reason)
    assert not ending.final


@pytest.mark.parametrize(
    ("figures", "statuses", "keys"),
    [
        ({"best": 1.0}, "k", {"target": 0.9}),
        ({"best": None}, "", {"target": 0.9}),
        ({"experiments": 2}, "kdd", {"experiments": 3}),
        ({"dollars": None}, "k", {}),
        ({"costs": Costs(dollars=1.0, unpriced=Usage(tokens_in=1_000))}, "k", {}),
        ({"costs": Costs(silent_calls=9)}, "k", {}),
        ({}, "kccd", {"failures": 2}),
        ({}, "kcdc", {"failures": 2}),
        ({}, "kcccccc", {"failures": 0}),
        ({}, "kdddkddd", {"plateau": 2}),
    ],
)
def test_short_of_every_bound_the_loop_goes_on(figures, statuses, keys):
    assert limit_reached(session(**figures), history(statuses), config(**keys), limit=9, hours=99.0) is None


@pytest.mark.parametrize("keys", [{"failures": 3}, {"plateau": 2}])
def test_what_ended_one_call_does_not_end_the_next_before_it_has_tried(keys):
    ended = limit_reached(session(), history("kcccc"), config(**keys), limit=None, hours=0.0)

    again = limit_reached(session(), history("kcccc"), config(**keys), limit=None, hours=0.0, last_number=4)

    assert ended is not None
    assert again is None


@pytest.mark.parametrize(("statuses", "since"), [("", 0), ("k", 0), ("kd", 1), ("kdkcd", 2), ("kdid", 2)])
def test_a_plateau_is_counted_from_the_last_keep_in_experiments_that_count(statuses, since):
    assert since_keep(history(statuses)) == since
