"""Whether a proposal is an earlier idea in other code, asked of the model once: against a Messages API on the loopback."""

import json

import msgspec
import pytest
from messages_server import MessagesServer, proposes, says, status
from scripted_session import ScriptedSession
from test_claude import Desk, journal_path, last_words, repository  # noqa: F401  # fixtures

from journal.events import Comparison
from loop.contracts import Accepted, Rejected
from loop.gate.gate import check

TRAIN = "import torch\n\n\ndef act(x):\n    return relu(x)\n"
TANH = {"train.py": TRAIN.replace("relu(x)", "x * gelu(x, approximate=tanh(cube(x)))")}
SMOOTH = {"path": "train.py", "old": "relu(x)", "new": "x * gelu(erf(x) / root(two))"}
OTHER = {"path": "train.py", "old": "relu(x)", "new": "maximum(leak * x, x)"}
SAME = says(json.dumps({"same_as": 1, "reason": "Both put a GELU in place of the ReLU."}))


@pytest.fixture
def desk(tmp_path, repository, journal_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    night = ScriptedSession({"train.py": TRAIN})
    night.discarded(1, "a tanh GELU", TANH)
    return Desk(tmp_path, repository, journal_path, night)


def propose(desk, *acts, edit=SMOOTH, parent="nov20-c0"):
    """The proposal, the request it answers, and what the server was sent."""
    request = desk.request(2, parent=parent)
    with MessagesServer([proposes(idea="an exact GELU", edits=[edit]), *acts]) as server:
        return desk(server).propose(request), request, server.bodies


def test_the_model_is_shown_the_neighbours_of_a_doubtful_proposal_once_and_its_answer_is_counted_and_kept(desk):
    proposal, _, bodies = propose(desk, SAME)

    question = bodies[-1]["messages"][0]["content"]
    assert len(bodies) == 2
    assert 'The new change: "an exact GELU"' in question
    assert '# Experiment 1: "a tanh GELU"' in question
    assert (bodies[-1]["max_tokens"], "tools" in bodies[-1]) == (2000, False)
    assert proposal.compared == Comparison(shown=(1,), same_as=1, reason="Both put a GELU in place of the ReLU.")
    assert (proposal.usage.calls, proposal.usage.tokens_in) == (2, 2400)
    assert "Both put a GELU" in json.dumps(desk.kept(proposal.prompt_key)["compared"])


def test_the_same_idea_on_the_same_parent_is_refused_and_on_another_one_must_be_named(desk):
    proposal, request, _ = propose(desk, SAME)
    elsewhere = msgspec.structs.replace(request, parent="another")
    named = msgspec.structs.replace(proposal, retry_of=1, retry_reason="base changed")

    here = check(proposal, request, scope=["train.py"])

    assert isinstance(here, Rejected)
    assert (here.rule, here.matched) == ("same idea", 1)
    assert here.reason.startswith("This is the same idea, in other code, as experiment 1 (discard, metric 1.515")
    assert check(proposal, elsewhere, scope=["train.py"]).rule == "revisit"
    assert isinstance(check(named, elsewhere, scope=["train.py"]), Accepted)


@pytest.mark.parametrize(
    "act",
    [
        says(json.dumps({"same_as": None, "reason": "Another mechanism."})),
        says(json.dumps({"same_as": 7, "reason": "It was not shown."})),
        says("I cannot tell."),
        says("", stop="refusal"),
        status(529, "overloaded_error"),
    ],
)
def test_an_answer_that_names_none_or_fails_lets_the_proposal_through_and_is_not_asked_again(desk, act):
    proposal, request, bodies = propose(desk, act)

    assert (len(bodies), proposal.usage.calls) == (2, 2)
    assert isinstance(check(proposal, request, scope=["train.py"]), Accepted)


@pytest.mark.parametrize("edit", [OTHER, {**SMOOTH, "new": "x * gelu(x, approximate=tanh(cube(x)))"}])
def test_what_is_like_nothing_and_what_the_gate_knows_itself_is_not_asked(desk, edit):
    proposal, _, bodies = propose(desk, edit=edit)

    assert len(bodies) == 1
    assert proposal.compared is None
