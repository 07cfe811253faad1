"""The bounds that end a call of the loop, and which of them end the session."""

import pytest

from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from loop.brief.config import Config
from loop.experiment.request import without_keep
from loop.session.stop_conditions import reached


def config(**keys) -> Config:
    return Config(goal="g", metric="m", **{"direction": "minimize", **keys})


def session(**figures) -> Session:
    return Session(tag="night", **figures)


def history(statuses: str) -> list[Experiment]:
    """Experiments from a word such as "kdcci"."""
    names = {"k": "keep", "d": "discard", "c": "crash", "i": "invalid"}
    return [Experiment(session="night", number=number, status=names[sign]) for number, sign in enumerate(statuses)]


@pytest.mark.parametrize(
    ("figures", "keys", "said"),
    [
        ({"best": 0.9}, {"target": 0.9}, "the target 0.9 is reached"),
        ({"best": 0.9}, {"target": 0.9, "direction": "maximize"}, "the target 0.9 is reached"),
        ({"experiments": 3}, {"experiments": 3}, "all 3 experiments of the brief are done"),
        ({"experiments": 1}, {"experiments": 1}, "the one experiment of the brief is done"),
        ({"dollars": 20.0}, {}, "the proposals have cost 20.00 dollars, the most that the brief allows"),
        ({}, {"max_cost": 0.0}, "the proposals have cost 0.00 dollars, the most that the brief allows"),
    ],
)
def test_a_bound_of_the_brief_ends_the_session(figures, keys, said):
    ending = reached(session(**figures), history("k"), config(**keys), bound=None, hours=0.0)

    assert (ending.reason, ending.final) == (said, True)


@pytest.mark.parametrize(
    ("statuses", "keys", "bound", "hours", "said"),
    [
        ("k", {"hours": 0.5}, None, 0.5, "the 0.5 hours of the brief are over"),
        ("kdccc", {"failures": 3}, None, 0.0, "the last 3 experiments crashed"),
        ("kdccic", {"failures": 3}, None, 0.0, "the last 3 experiments crashed"),
        ("kddkdddd", {"plateau": 2}, None, 0.0, "nothing of the last 4 experiments was kept"),
        ("kdcicd", {"plateau": 2}, None, 0.0, "nothing of the last 4 experiments was kept"),
        ("k", {}, 0, 0.0, "all experiments of this call are done"),
    ],
)
def test_a_bound_of_the_call_leaves_the_session_to_the_next(statuses, keys, bound, hours, said):
    ending = reached(session(), history(statuses), config(**keys), bound=bound, hours=hours)

    assert ending.reason.startswith(said)
    assert not ending.final


@pytest.mark.parametrize(
    ("figures", "statuses", "keys"),
    [
        ({"best": 1.0}, "k", {"target": 0.9}),
        ({"best": None}, "", {"target": 0.9}),
        ({"experiments": 2}, "kdd", {"experiments": 3}),
        ({"dollars": None}, "k", {}),
        ({}, "kccd", {"failures": 2}),
        ({}, "kcdc", {"failures": 2}),
        ({}, "kcccccc", {"failures": 0}),
        ({}, "kdddkddd", {"plateau": 2}),
    ],
)
def test_short_of_every_bound_the_loop_goes_on(figures, statuses, keys):
    assert reached(session(**figures), history(statuses), config(**keys), bound=9, hours=99.0) is None


@pytest.mark.parametrize("keys", [{"failures": 3}, {"plateau": 2}])
def test_what_ended_one_call_does_not_end_the_next_before_it_has_tried(keys):
    ended = reached(session(), history("kcccc"), config(**keys), bound=None, hours=0.0)

    again = reached(session(), history("kcccc"), config(**keys), bound=None, hours=0.0, begun=4)

    assert ended is not None
    assert again is None


@pytest.mark.parametrize(("statuses", "since"), [("", 0), ("k", 0), ("kd", 1), ("kdkcd", 2), ("kdid", 2)])
def test_a_plateau_is_counted_from_the_last_keep_in_experiments_that_count(statuses, since):
    assert without_keep(history(statuses)) == since
