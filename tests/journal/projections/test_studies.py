"""Which sessions form a study, and what one session of it counts in another."""

import pytest
from histories import COMMITS, proposed, started
from scripted_session import ScriptedSession

from journal.events import Change, ExperimentInvalidated
from journal.events.recorded import Recorded
from journal.novelty.repeats import matches
from journal.projections.state import State, fold
from journal.projections.studies import difference, make_identity

CONFIG = {
    "goal": "lower it",
    "metric": "loss",
    "direction": "minimize",
    "train": "python train.py",
    "evaluate": "python -m score.run",
    "budget": 300.0,
    "locked": ["notes.md"],
    "command": "python agent.py",
}
LOCKED = {
    "score/run.py": "1",
    "data.txt": "1",
    "notes.md": "1",
    "README.md": "1",
    "program.md": "1",
    "docs/how.py": "1",
    "agent.py": "1",
    "results.tsv": "1",
    ".gitignore": "1",
}


def folded(*sessions):
    """The studies after these SessionStarted events."""
    events = [
        Recorded(number, "2026-11-20T23:00:00+00:00", "s", 1, event, "") for number, event in enumerate(sessions, 1)
    ]
    return fold(events).studies


def two_nights(config=None, locked=None, **facts):
    first = started(session="one", config=CONFIG, locked=LOCKED)
    second = started(session="two", config=CONFIG | (config or {}), locked=LOCKED | (locked or {}), **facts)
    return folded(first, second)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"config": {"goal": "another sentence", "max_cost": 3.0}},
        {"config": {"budget": 300}},
        {"locked": {"README.md": "2"}},
        {"locked": {"program.md": "2"}},
        {"locked": {"docs/how.py": "2"}},
        {"locked": {"results.tsv": "2", "plot.png": "1", ".gitignore": "2"}},
        {"locked": {"agent.py": "2"}},
        {"device": "another machine"},
        {"host": "ada@box", "base": COMMITS[3], "start": COMMITS[4]},
    ],
)
def test_what_no_result_depends_on_leaves_the_study_as_it_is(changed):
    studies = two_nights(**changed)

    assert studies.sessions("two") == ("one", "two")
    assert (studies.rows["two"].study, studies.rows["two"].number) == ("one", 2)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"config": {"metric": "bits"}}, "metric loss became bits"),
        ({"config": {"direction": "maximize"}}, "direction minimize became maximize"),
        ({"config": {"train": "python train.py --fast"}}, "train python train.py became python train.py --fast"),
        ({"config": {"evaluate": None}}, "evaluate python -m score.run became (not set)"),
        ({"config": {"budget": 60.0}}, "budget 300 became 60"),
        ({"config": {"inputs": ["corpus"]}}, "inputs (not set) became ['corpus']"),
        ({"locked": {"score/run.py": "2"}}, "score/run.py changed"),
        ({"locked": {"data.txt": "2"}}, "data.txt changed"),
        ({"locked": {"notes.md": "2"}}, "notes.md changed"),
        ({"locked": {"model.py": "1"}}, "model.py was added"),
    ],
)
def test_what_results_depend_on_begins_another_study_and_is_named(changed, words):
    studies = two_nights(**changed)

    assert studies.sessions("two") == ("two",)
    assert studies.rows["two"].difference == words


def test_a_session_with_the_old_harness_returns_to_its_study():
    studies = folded(
        started(session="one", config=CONFIG),
        started(session="two", config=CONFIG | {"budget": 60.0}),
        started(session="three", config=CONFIG),
    )

    assert studies.sessions("three") == ("one", "three")
    assert [studies.rows[tag].number for tag in ("one", "two", "three")] == [1, 1, 2]


def test_an_old_event_without_a_key_equals_a_new_one_that_leaves_it_unset():
    old = started(session="one", config={"metric": "loss", "direction": "minimize"})
    new = started(session="two", config={"metric": "loss", "direction": "minimize", "pattern": "", "log": None})

    assert folded(old, new).sessions("two") == ("one", "two")


def test_a_long_difference_is_cut_and_counted():
    words = difference(make_identity(CONFIG, {}), make_identity(CONFIG, {f"{name}.py": "1" for name in "abcde"}))

    assert words == "a.py was added, b.py was added, c.py was added and 2 more"


FILES = {"train.py": "LR = 0.04\nBATCH = 16\n"}
FASTER = {"train.py": "LR = 0.05\nBATCH = 16\n"}


def found(night, edits, number=1):
    """The matches of a change that a night is about to make."""
    from journal.changes.signature import signature

    change = signature(night.files, edits)
    return matches(night.state.changes, change, session=night.session, experiment=number, parent=night.parent)


def test_a_failure_on_an_equal_program_counts_whatever_the_commit():
    first = ScriptedSession(FILES, session="one")
    first.discarded(1, "raise the rate", {"train.py": "LR = 0.0505\nBATCH = 16\n"})
    second = ScriptedSession(FILES, session="two", state=first.state)

    [match] = found(second, FASTER)

    assert (match.rule, match.is_repeat, match.trial.session) == ("same value", True, "one")


def test_a_failure_on_a_kept_base_counts_where_a_session_starts_from_that_base():
    first = ScriptedSession(FILES, session="one")
    first.kept(1, "smaller batch", {"train.py": "LR = 0.04\nBATCH = 8\n"})
    first.discarded(2, "raise the rate", {"train.py": "LR = 0.05\nBATCH = 8\n"})
    second = ScriptedSession(first.files, session="two", state=first.state)

    [match] = found(second, {"train.py": "LR = 0.0505\nBATCH = 8\n"})

    assert (match.rule, match.trial.session, match.trial.experiment) == ("same value", "one", 2)


def test_control_a_failure_on_another_program_of_another_session_refuses_nothing():
    first = ScriptedSession(FILES, session="one")
    first.discarded(1, "raise the rate", FASTER)
    second = ScriptedSession({"train.py": "LR = 0.04\nBATCH = 8\n"}, session="two", state=first.state)

    assert found(second, {"train.py": "LR = 0.05\nBATCH = 8\n"}) == []


def test_control_a_near_value_in_another_session_refuses_nothing():
    first = ScriptedSession(FILES, session="one")
    first.discarded(1, "raise the rate", {"train.py": "LR = 0.054\nBATCH = 16\n"})
    second = ScriptedSession(FILES, session="two", state=first.state)

    assert found(second, FASTER) == []


def test_a_veto_holds_in_every_session_of_the_study():
    first = ScriptedSession(FILES, session="one")
    first.kept(1, "raise the rate", FASTER)
    first.add(ExperimentInvalidated(session="one", experiment=1, rule="veto", reason="a person vetoed it"))
    second = ScriptedSession({"train.py": "LR = 0.04\nBATCH = 8\n"}, session="two", state=first.state)

    [match] = found(second, {"train.py": "LR = 0.05\nBATCH = 8\n"})

    assert (match.trial.vetoed, match.is_repeat) == (True, True)


def test_a_commit_of_an_unknown_program_equals_itself_only():
    state = State()

    assert state.changes.program_at("c1") == "c1"
    assert state.changes.trial_at("c1") is None


def test_the_program_of_a_commit_is_known_from_the_experiment_that_made_it():
    night = ScriptedSession(FILES, session="one")
    night.kept(1, "raise the rate", FASTER)
    again = ScriptedSession(FASTER, session="two", state=night.state)

    changes = night.state.changes

    assert changes.program_at(night.parent) == changes.program_at(again.parent)
    assert changes.trial_at(night.parent).idea == "raise the rate"


def test_a_trial_of_an_unknown_session_still_folds():
    event = proposed(1, "an idea", change=Change(program="p", change="c"))

    state = fold([Recorded(1, "2026-11-20T23:00:00+00:00", "s", 1, event, "")])

    assert state.changes.harness(event.session) == ""
