"""`ar-loop direct` says if no model reads the direction."""

import json

import pytest
from toys import BRIEF, Project

from journal.events import ProposerFailed
from journal.projections.experiments import Experiment
from journal.projections.sessions import Session
from journal.projections.state import State
from loop.cli.direction_readers import NOT_READ, missing_reader


def session_with(*proposers: str) -> tuple[Session, State]:
    state = State()
    state.experiments.rows.update(
        {
            ("night", number): Experiment(session="night", number=number, proposer=name)
            for number, name in enumerate(proposers)
        }
    )
    return Session(tag="night"), state


@pytest.mark.parametrize(
    ("config", "proposers", "environment", "note"),
    [
        ({"proposer": "sampler"}, (), {"ANTHROPIC_API_KEY": "k"}, NOT_READ),
        ({"proposer": "command"}, ("loop", "sampler"), {}, None),
        ({"proposer": "claude"}, (), {}, None),
        ({"proposer": "auto"}, ("loop",), {}, NOT_READ),
        ({"proposer": "auto"}, ("loop",), {"ANTHROPIC_API_KEY": "k"}, None),
        ({"proposer": "auto"}, ("loop", "sampler"), {"ANTHROPIC_API_KEY": "k"}, NOT_READ),
        ({"proposer": "auto"}, ("loop", "claude"), {}, None),
        ({}, (), {}, NOT_READ),
    ],
)
def test_who_reads_follows_from_the_brief_then_from_the_proposals_then_from_the_key(
    tmp_path, config, proposers, environment, note
):
    session, state = session_with(*proposers)

    assert missing_reader(session, state, config=config, environment=environment, home=tmp_path) == note


def test_a_model_that_failed_once_still_reads(tmp_path):
    session, state = session_with("loop", "sampler")
    session.calls.add(
        ProposerFailed(session="night", experiment=1, proposer="claude", kind="overloaded", reason="busy")
    )

    assert missing_reader(session, state, config={"proposer": "auto"}, environment={}, home=tmp_path) is None


def test_a_direction_to_the_sampler_is_recorded_with_a_note(project):
    project.loop("run", "--experiments", "1")

    told = project.loop("direct", "try a longer warm-up", "--json")

    assert told.returncode == 0
    assert json.loads(told.stdout)["note"] == NOT_READ
    assert f"note: {NOT_READ}\n" in told.stderr


def test_control_a_direction_to_a_command_has_no_note(tmp_path):
    brief = BRIEF.replace("proposer: sampler", "proposer: command\ncommand: python -I -S agent.py")
    project = Project(tmp_path / "toy", brief=brief, rates="0.4")
    project.loop("run", "--experiments", "1")

    told = project.loop("direct", "try a longer warm-up", "--json")

    assert told.returncode == 0
    assert "note" not in json.loads(told.stdout)
