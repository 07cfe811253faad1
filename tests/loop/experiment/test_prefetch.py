"""Prefetching the next proposal while a run trains: whether it is used, and what it costs."""

import pytest
from rehearsal import Rehearsal, brief, edit, fails, settle, until_cancelled

from journal.events import (
    DirectionAdded,
    ExperimentDiscarded,
    ExperimentKept,
    IdeaProposed,
    ProposalDropped,
    ProposalPrepared,
    ProposerFailed,
    SessionEnded,
    StopRequested,
)
from journal.store.intents import post
from loop.contracts import Proposal
from loop.errors import MachineFailure, ProposerFailure

WORSE, BETTER = edit("LOSS = 0.5", "LOSS = 0.7"), edit("LOSS = 0.5", "LOSS = 0.4")
BEST = edit("LOSS = 0.5", "LOSS = 0.3")
WIDER = edit("WIDTH = 8", "WIDTH = 16")
AFTER = (ProposalPrepared, ProposalDropped, ExperimentKept, ExperimentDiscarded, IdeaProposed)


class Fallback:
    """Proposes another width."""

    name = "fallback"

    def propose(self, request):
        text = request.files["train.py"].replace("WIDTH = 8", f"WIDTH = {16 * request.experiment}")
        return Proposal(idea="another width", files={"train.py": text}, proposer=self.name)


def rehearse(root, answers, acts=None, *, keys=""):
    stage = Rehearsal(root / "toy", answers, acts, keys=keys)
    stage.ctx.fallback = Fallback()
    return stage


def events(stage):
    """The events from the first proposal on."""
    return [event for event in stage.project.of(*AFTER) if event.experiment > 0]


def dollars(stage):
    """As the session and the table of costs have them."""
    state = stage.state()
    return state.sessions.rows["night"].dollars, sum(row.dollars for row in state.spend.rows.values())


def direct(stage, text="narrower"):
    post(stage.project.journal, DirectionAdded(session="night", direction=1, text=text, author="ada", channel="test"))


def test_what_is_prepared_while_a_run_trains_is_recorded_before_its_verdict_and_used_after_it(tmp_path):
    stage = rehearse(tmp_path, {1: [WORSE], 2: [WIDER]})

    stage.run(2)

    first, prepared, discarded, used, _ = events(stage)
    assert [type(event) for event in (prepared, discarded, used)] == [
        ProposalPrepared,
        ExperimentDiscarded,
        IdeaProposed,
    ]
    assert (used.idea, used.diff, used.prepared_on, used.parent) == (
        prepared.idea,
        prepared.diff,
        prepared.parent,
        prepared.parent,
    )
    assert first.prepared_on is None
    assert dollars(stage) == (2.0, 2.0)


def test_on_a_new_incumbent_the_same_edits_are_proposed_again(tmp_path):
    stage = rehearse(tmp_path, {1: [BETTER], 2: [WIDER]})

    stage.run(2)

    kept, used = stage.project.of(ExperimentKept)[-1], stage.project.of(IdeaProposed)[-1]
    assert (used.parent, used.prepared_on) == (kept.commit, stage.ctx.session.start)
    assert "+WIDTH = 16" in used.diff
    assert "LOSS = 0.4" in stage.project.git("show", "refs/autoresearch/night/2:train.py")
    assert len(stage.proposer.requests) == 2


def test_edits_that_do_not_fit_the_new_incumbent_are_dropped_and_it_is_asked_again(tmp_path):
    stage = rehearse(tmp_path, {1: [BETTER], 2: [BEST, edit("LOSS = 0.4", "LOSS = 0.3")]})

    stage.run(2)

    dropped = stage.project.of(ProposalDropped)
    assert [event.why for event in dropped] == ["moved"]
    assert [event.metric for event in stage.project.of(ExperimentKept)] == [0.5, 0.4, 0.3]
    assert dollars(stage) == (3.0, 3.0)


def test_a_direction_that_comes_while_a_proposal_is_made_ends_the_call_and_reaches_the_next_one(tmp_path):
    def interfere(stage, watch):
        watch.poll()
        direct(stage)
        stage.ctx.control.answer(1)
        settle(stage, watch)

    stage = rehearse(tmp_path, {1: [WORSE], 2: [until_cancelled, WIDER]}, {1: interfere})

    stage.run(2)

    assert [event.why for event in stage.project.of(ProposalDropped)] == ["steered"]
    assert stage.proposer.directions == [[], [], ["narrower"]]
    assert events(stage)[-2].prepared_on is not None
    assert dollars(stage) == (3.0, 3.0)


def test_a_direction_that_comes_after_the_answer_drops_it(tmp_path):
    def interfere(stage, watch):
        settle(stage, watch)
        direct(stage)

    stage = rehearse(tmp_path, {1: [WORSE], 2: [WIDER, WIDER]}, {1: interfere})

    stage.run(2)

    assert [event.why for event in stage.project.of(ProposalDropped)] == ["steered"]
    assert stage.proposer.directions[-1] == ["narrower"]


def test_what_the_gate_refuses_is_told_to_the_proposer_while_the_run_still_trains(tmp_path):
    stage = rehearse(tmp_path, {1: [WORSE], 2: [WORSE, WIDER]})

    stage.run(2)

    assert [(event.why, event.rule, event.matched) for event in stage.project.of(ProposalDropped)] == [
        ("refused", "same program", 1)
    ]
    assert [refusal.rule for refusal in stage.proposer.requests[-1].refusals] == ["same program"]
    assert [type(event) for event in events(stage)][-3:-1] == [ExperimentDiscarded, IdeaProposed]
    assert dollars(stage) == (3.0, 3.0)


def test_after_a_failure_or_three_refusals_the_fallback_proposes(tmp_path):
    failed = fails(ProposerFailure("no route", kind="network"))
    stage = rehearse(tmp_path, {1: [WORSE], 2: [failed], 3: [WORSE, WORSE, WORSE]})

    stage.run(3)

    assert [(event.why, event.rule) for event in stage.project.of(ProposalDropped)] == [
        ("failed", "network"),
        *[("refused", "same program")] * 3,
    ]
    assert [event.proposer for event in stage.project.of(IdeaProposed)][1:] == ["scripted", "fallback", "fallback"]
    assert stage.project.of(ProposerFailed) == []
    assert len(stage.proposer.requests) == 5


def test_a_call_that_outlasts_the_run_is_waited_for(tmp_path):
    stage = rehearse(tmp_path, {1: [WORSE], 2: [WIDER]}, {1: brief})

    stage.run(2)

    assert stage.project.of(IdeaProposed)[-1].prepared_on is not None
    assert len(stage.proposer.requests) == 2


def test_nothing_is_asked_for_that_will_not_be_tried(tmp_path):
    stage = rehearse(tmp_path, {1: [WORSE]})

    stage.run(1)

    assert len(stage.proposer.requests) == 1
    assert stage.project.of(ProposalPrepared) == []


def test_a_brief_may_ask_for_one_after_the_other(tmp_path):
    stage = rehearse(tmp_path, {1: [WORSE], 2: [WIDER]}, keys="ahead: false")

    stage.run(2)

    assert [type(event) for event in events(stage)] == [
        IdeaProposed,
        ExperimentDiscarded,
        IdeaProposed,
        ExperimentDiscarded,
    ]


def test_what_was_prepared_when_a_call_of_the_loop_was_interrupted_is_used_by_the_next_one(tmp_path):
    def interrupt(stage, watch):
        settle(stage, watch)
        stage.ctx.control.interrupt()

    stage = rehearse(tmp_path, {1: [WORSE], 2: [WIDER]}, {1: interrupt})
    stage.run(2)
    stage.open()

    stage.run(1)

    assert stage.proposer.requests == []
    assert stage.project.of(IdeaProposed)[-1].idea == "WIDTH = 8 to WIDTH = 16"
    assert stage.project.of(IdeaProposed)[-1].prepared_on is not None


@pytest.mark.parametrize("answer", [until_cancelled, WIDER])
def test_the_end_of_a_session_ends_the_call_and_counts_what_it_cost(tmp_path, answer):
    def stop(stage, watch):
        watch.poll()
        post(stage.project.journal, StopRequested(session="night", author="ada", channel="test"))
        stage.ctx.control.answer(1)

    stage = rehearse(tmp_path, {1: [WORSE], 2: [answer]}, {1: stop})

    ending = stage.run(2)

    assert ending.final
    assert [event.why for event in stage.project.of(ProposalDropped)] == ["ended"]
    assert isinstance(stage.project.events()[-1], SessionEnded)
    assert dollars(stage) == (2.0, 2.0)


def test_a_broken_world_met_by_the_proposer_does_not_disturb_the_run_in_flight(tmp_path):
    stage = rehearse(tmp_path, {1: [WORSE], 2: [fails(MachineFailure("the disk is full"))]})

    ending = stage.run(2)

    assert (ending.is_machine_failure, ending.reason) == (True, "the disk is full")
    assert isinstance(events(stage)[-1], ExperimentDiscarded)
