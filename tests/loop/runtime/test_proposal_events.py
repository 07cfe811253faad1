"""A proposal is the same after its events: what an event does not say of it would be lost."""

from hypothesis import given
from hypothesis import strategies as st

from journal.events import Change, Comparison, IdeaProposed, ProposalPrepared, Usage
from journal.projections.state import State
from loop.contracts import Accepted, Proposal, Request
from loop.runtime.proposal_events import SHARED, files_on, idea_proposed, proposal_prepared, to_proposal

CODE = "WIDTH = 64\nDEPTH = 4\n"
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
REQUEST = Request(
    session="night", experiment=3, attempt=2, parent="c" * 40, files={"train.py": CODE, "other.py": ""}, state=State()
)
PROPOSALS = st.builds(
    Proposal,
    idea=WORDS,
    files=st.fixed_dictionaries({"train.py": st.sampled_from(["WIDTH = 96\nDEPTH = 4\n", "DEPTH = 4\n", "x = 1\n"])}),
    hypothesis=WORDS,
    kind=st.sampled_from(["knob", "architecture", "other"]),
    proposer=WORDS,
    model=st.none() | WORDS,
    expected_delta=st.none() | st.floats(-1, 1),
    usage=st.builds(Usage, tokens_in=st.integers(0, 9), dollars=st.floats(0, 1)),
    retry_of=st.none() | st.integers(1, 9),
    retry_reason=st.none() | WORDS,
    prompt_key=st.none() | WORDS,
    compared=st.none() | st.just(Comparison(shown=(1, 2), same_as=1, reason="the same knob")),
)


@given(PROPOSALS)
def test_a_proposal_reads_back_from_both_of_its_events(proposal):
    answer = Accepted(change=Change(program="p", change="c"))
    events = [idea_proposed(proposal, REQUEST, answer), proposal_prepared(proposal, REQUEST, position=7)]

    texts = [files_on(event, REQUEST.parent, REQUEST.files) for event in events]

    assert [to_proposal(event, text) for event, text in zip(events, texts, strict=True)] == [proposal, proposal]


def test_both_events_hold_every_field_of_a_proposal_but_its_files():
    fields = set(Proposal.__struct_fields__) - {"files"}

    assert set(SHARED) == fields
    assert fields <= set(ProposalPrepared.__struct_fields__) & set(IdeaProposed.__struct_fields__)
