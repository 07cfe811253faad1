import ast
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from scripted_session import ScriptedSession

from journal.changes.knob import Knob, KnobRange
from journal.changes.python_knobs import knobs
from journal.changes.signature import signature
from loop.contracts import Accepted, Prior
from loop.errors import ProposerFailure
from loop.gate.gate import check
from loop.proposers.sampler.evidence import KnobEvidence
from loop.proposers.sampler.sampler import Sampler
from loop.proposers.sampler.steps import steps

TRAIN = """\
# Größe → the model
DEPTH = 4  # layers [1..8]
WIDTH = 128  # multiple of 32 [64..256]
BATCH = 2**14  # tokens
MATRIX_LR = 0.04  # peak rate [0.005..0.2]
MOMENTUM = 0.95  # [0.5..0.999]
WARMUP = 0.0  # share [0..0.5]
TIED = True
WINDOW = "SSSL"  # attention {SSSL, SL, L}
BETAS = (0.8, 0.95)
SEED = 7
VOCAB = 2048  # fixed by the tokenizer
name = "lower case"
"""


def sources(text):
    by_name = {knob.name: knob for knob in knobs("t.py", text)}
    return {name: [step.source for step in steps(knob, by_name)] for name, knob in by_name.items()}


def propose(night, number):
    return Sampler().propose(night.request(number))


def discard_all(night, first):
    """Discard what the sampler proposes until it proposes no more; returns the ideas and its last word."""
    ideas = []
    for number in count(first):
        try:
            found = propose(night, number)
        except ProposerFailure as failure:
            return ideas, failure
        ideas.append(found.idea)
        night.discarded(number, found.idea, found.files)
    return ideas, None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("LR = 0.04", ["0.02", "0.027", "0.032", "0.036", "0.044", "0.05", "0.06", "0.08"]),
        ("LR = 0.04  # [0.03..0.05]", ["0.032", "0.036", "0.044", "0.05"]),
        ("LR = 3e-4", ["1.5e-4", "2e-4", "2.4e-4", "2.7e-4", "3.3e-4", "3.7e-4", "4.5e-4", "6e-4"]),
        ("EPS = 1e-10", ["1e-11", "1e-9"]),
        ("LAYERS = 5", ["3", "4", "6", "7"]),
        ("HEADS = 1  # [1..8]", ["2"]),
        ("DEPTH = 4  # [2..8]", ["2", "3", "5", "6", "8"]),
        ("BATCH = 2**14", ["2**13", "2**15"]),
        ("BATCH = 1 << 14", ["1 << 13", "1 << 15"]),
        ("BATCH = 524_288", ["262_144", "1_048_576"]),
        ("WIDTH = 96  # multiple of 32", ["64", "128", "192"]),
        ("HEAD = 64  # fixed\nWIDTH = 256  # multiple of HEAD", ["192", "320", "128", "512"]),
        ("MOMENTUM = 0.95", ["0.975", "0.966", "0.96", "0.955", "0.945", "0.937", "0.925", "0.9"]),
        ("WARMUP = 0.0  # [0..0.5]", ["0.01", "0.025", "0.05", "0.1"]),
        ("DECAY = 0.1  # [0..1]", ["0.05", "0.067", "0.08", "0.09", "0.11", "0.12", "0.15", "0.2", "0.0"]),
        ("SHIFT = -2.0", ["-1.0", "-1.3", "-1.6", "-1.8", "-2.2", "-2.5", "-3.0", "-4.0"]),
        ("TIED = True", ["False"]),
        ("WINDOW = 'SSSL'  # {SSSL, SL, L}", ["'SL'", "'L'"]),
        ("HEADS = 4  # {2, 4, 8}", ["2", "8"]),
        ("VOCAB = 2048  # fixed", []),
        ("NAME = 'free text'", []),
        ("X = float", None),
    ],
)
def test_each_kind_of_knob_has_its_steps(line, expected):
    found = sources(line + "\n")

    assert found.get(line.splitlines()[-1].split(" ")[0]) == expected


def test_a_proposal_moves_one_knob_and_keeps_every_other_byte():
    night = ScriptedSession({"train.py": TRAIN})

    proposal = propose(night, 1)

    (move,) = signature(night.files, proposal.files).knobs
    changed = [
        (a, b) for a, b in zip(TRAIN.splitlines(), proposal.files["train.py"].splitlines(), strict=True) if a != b
    ]
    assert changed == [(changed[0][0], changed[0][0].replace(move.old, move.new, 1))]
    assert proposal.idea.endswith(f"{move.name} from {move.old} to {move.new}")
    assert proposal.hypothesis.startswith("Not tried yet")


def test_the_same_place_in_a_night_gives_the_same_proposal_and_the_next_place_another():
    first, again = propose(ScriptedSession({"train.py": TRAIN}), 1), propose(ScriptedSession({"train.py": TRAIN}), 1)

    drawn = {propose(ScriptedSession({"train.py": TRAIN}), number).idea for number in range(1, 20)}

    assert first == again
    assert len(drawn) > 3


def test_no_change_twice_on_the_same_parent_until_nothing_is_left():
    night = ScriptedSession({"train.py": "LR = 0.04  # [0.02..0.08]\nTIED = True\nSEED = 1\n"})

    ideas, failure = discard_all(night, 1)

    assert failure.kind == "exhausted"
    assert str(failure).startswith("Every step of every knob has been tried")
    assert len(ideas) == len(set(ideas)) == 9
    assert all("SEED" not in idea for idea in ideas)


def test_an_idea_under_way_is_not_proposed_again():
    night = ScriptedSession({"train.py": "TIED = True\n"})
    night.proposed(1, "untie", {"train.py": "TIED = False\n"})

    with pytest.raises(ProposerFailure, match="Every step"):
        propose(night, 2)


def test_what_the_gate_refused_is_not_proposed_again_for_this_experiment():
    night = ScriptedSession({"train.py": "TIED = True\nLR = 1.0\n"})
    night.refused(1, "untie", {"train.py": "TIED = False\nLR = 1.0\n"})

    ideas = [Sampler().propose(night.request(1, attempt=attempt)).idea for attempt in range(2, 12)]

    assert all("TIED" not in idea for idea in ideas)


def test_a_direction_that_crashed_here_is_not_followed_further():
    night = ScriptedSession({"train.py": "WIDTH = 128  # [32..512]\nLR = 0.04\n"})
    night.crashed(1, "double the width", {"train.py": "WIDTH = 256  # [32..512]\nLR = 0.04\n"})

    ideas, _ = discard_all(night, 2)

    assert "lower WIDTH from 128 to 64" in ideas
    assert not [idea for idea in ideas if idea.startswith("raise WIDTH")]


def test_a_direction_that_paid_is_followed_more_often_than_not():
    night = ScriptedSession({"train.py": TRAIN})
    night.kept(1, "raise the rate", {"train.py": TRAIN.replace("0.04", "0.06")})

    ideas = [propose(night, number).idea for number in range(2, 42)]

    assert sum(idea.startswith("raise MATRIX_LR") for idea in ideas) > sum(
        idea.startswith("lower MATRIX_LR") for idea in ideas
    )
    proposal = next(
        Sampler().propose(night.request(n)) for n, idea in enumerate(ideas, 2) if idea.startswith("raise MATRIX_LR")
    )
    assert "was kept in experiment 1 (0.04 to 0.06, delta -0.02)" in proposal.hypothesis


@pytest.mark.parametrize("gain", [-4.0, None], ids=["in σ", "where σ is zero"])
def test_where_one_way_cost_the_other_way_is_tried(gain):
    night = ScriptedSession({"train.py": "LR = 0.04\n"})
    night.discarded(1, "raise the rate", {"train.py": "LR = 0.08\n"}, gain=-4.0)
    night.state.knobs.rows["nov20", 1, "LR"].gain_sigma = gain

    found = [propose(night, number) for number in range(2, 12)]

    assert {proposal.idea.split()[0] for proposal in found} == {"lower"}
    assert "The other direction did not pay in experiment 1" in found[0].hypothesis


def test_first_steps_are_large_enough_to_be_seen():
    night = ScriptedSession({"train.py": "LR = 0.04\n"})

    ideas = [propose(night, number).idea.rpartition(" ")[2] for number in range(1, 41)]

    assert sum(value in ("0.02", "0.08") for value in ideas) > sum(value in ("0.036", "0.044") for value in ideas)


def test_a_second_try_on_a_new_base_names_the_first_and_passes_the_gate():
    text = "TIED = True\nDEEP = True\n"
    night = ScriptedSession({"train.py": text})
    night.discarded(1, "untie", {"train.py": text.replace("TIED = True", "TIED = False")})
    night.kept(2, "shallow", {"train.py": text.replace("DEEP = True", "DEEP = False")})
    found = propose(night, 3)

    answer = check(found, night.request(3), scope=["train.py"])

    assert (found.retry_of, found.retry_reason) == (1, "base changed")
    assert isinstance(answer, Accepted)


@pytest.mark.parametrize(
    ("text", "kind"), [("x = 1\n", "no_knobs"), ("A = 1  # fixed\n", "no_knobs"), ("def f(:\n", "no_knobs")]
)
def test_a_file_without_knobs_says_what_a_knob_is(text, kind):
    with pytest.raises(ProposerFailure, match="write a module-level number with its range, such as") as failure:
        propose(ScriptedSession({"train.py": text}), 1)

    assert failure.value.kind == kind


numbers = st.one_of(
    st.integers(-10_000, 10_000_000),
    st.floats(-1e6, 1e6, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-14),
    st.booleans(),
    st.sampled_from(["2**18", "1 << 6", "64 * 1024", "1e-3", "1_000", "-0.5"]),
)


@given(values=st.lists(numbers, min_size=1, max_size=6), number=st.integers(1, 500))
def test_whatever_the_literals_a_proposal_parses_and_moves_exactly_one_knob(values, number):
    text = "".join(f"K{i} = {value}  # a knob\n" for i, value in enumerate(values)) + "T = (1, 2.5)\n"
    night = ScriptedSession({"train.py": text})

    found = propose(night, number)

    ast.parse(found.files["train.py"])
    assert len(signature(night.files, found.files).knobs) == 1


@given(low=st.floats(1e-6, 1), span=st.floats(1.1, 1e4), at=st.floats(0, 1))
def test_no_step_leaves_the_declared_range(low, span, at):
    high = low * span
    knob = Knob(name="LR", value=low * span**at, source="1.0", start=0, end=3, range=KnobRange(low=low, high=high))

    assert all(low <= step.value <= high for step in steps(knob, {}))


def test_on_a_plateau_every_second_proposal_moves_two_knobs_and_a_refused_pair_gives_way_to_one():
    night = ScriptedSession({"train.py": TRAIN})
    request = night.request(2)

    pair, alone, after = (
        Sampler().propose(replace(request, plateau=25)),
        Sampler().propose(replace(request, plateau=25, experiment=3)),
        Sampler().propose(replace(request, plateau=25, attempt=2)),
    )

    moved = [len(signature(night.files, proposal.files).knobs) for proposal in (pair, alone, after)]
    assert moved == [2, 1, 1]
    assert isinstance(check(pair, request, scope=["train.py"]), Accepted)


# --- several steps at once -----------------------------------------------------------------------------------------------

TWO = {"train.py": "RATE = 4.0  # [2..8]\nDECAY = 4.0  # [2..8]\n"}


def small_gains(gain):
    """Two knobs lowered, each alone, at a gain that is not kept."""
    night = ScriptedSession(TWO)
    for number, name in enumerate(("RATE", "DECAY"), start=1):
        night.discarded(
            number, f"lower {name}", {"train.py": TWO["train.py"].replace(f"{name} = 4.0", f"{name} = 2.0")}, gain=gain
        )
    return night


def test_steps_that_each_gained_too_little_are_made_at_once_and_once_only():
    night = small_gains(0.8)

    both = propose(night, 3)
    night.discarded(3, both.idea, both.files)
    after = propose(night, 4)

    assert both.files == {"train.py": "RATE = 2.0  # [2..8]\nDECAY = 2.0  # [2..8]\n"}
    assert "gained a little alone" in both.hypothesis
    assert after.idea.count(" from ") == 1


@pytest.mark.parametrize(("gain", "more"), [(-0.8, {}), (0.8, {"one_knob": True}), (0.8, {"attempt": 2})])
def test_steps_are_made_alone_where_they_cost_where_the_brief_says_so_and_after_a_refusal(gain, more):
    request = replace(small_gains(gain).request(3), **more)

    assert Sampler().propose(request).idea.count(" from ") == 1


def test_what_another_session_kept_on_the_same_parent_may_be_made_again_and_what_it_discarded_may_not():
    files = {"t.py": "RATE = 0.5  # {0.5, 0.3, 0.7}\n"}
    first = ScriptedSession(files)
    start = first.parent
    discarded = propose(first, 1)
    first.discarded(1, discarded.idea, discarded.files)
    kept = propose(first, 2)
    first.kept(2, kept.idea, kept.files)
    second = ScriptedSession(files, session="nov21", state=first.state)
    second.parent = start

    ideas, _ = discard_all(second, 1)

    assert ideas == [kept.idea]


def with_priors(request, **priors):
    return replace(request, priors={name: [Prior(*move) for move in moves] for name, moves in priors.items()})


KNOBS = {"train.py": "GAMMA = 0.04  # [0.001..1]\nCAP = 0.0  # {0.0, 15.0, 30.0}\nLEAK = 0.1  # [0.01..1]\n"}


def first_moves(files, **priors):
    """The first change of twelve sessions."""
    nights = [ScriptedSession(files, session=f"night-{number}") for number in range(12)]
    changes = [
        signature(night.files, Sampler().propose(with_priors(night.request(1), **priors)).files) for night in nights
    ]
    return [(change.knobs[0].name, change.knobs[0].new) for change in changes]


def test_a_session_begins_with_a_step_that_gained_before():
    assert set(first_moves(KNOBS, GAMMA=[(0.04, 0.02, 6.0, 1.0)])) == {("GAMMA", "0.02")}


def test_control_without_a_prior_sessions_begin_with_several_knobs():
    assert len({name for name, _ in first_moves(KNOBS)}) > 1


def test_a_session_does_not_begin_with_a_step_that_cost_before():
    costs = {"GAMMA": [(0.04, 0.02, -8.0, 1.0), (0.04, 0.08, -8.0, 1.0)], "CAP": [(0, 15, -9.0, 1), (0, 30, -9.0, 1)]}

    assert {name for name, _ in first_moves(KNOBS, **costs)} == {"LEAK"}


def test_a_choice_of_numbers_with_none_among_them_is_no_distance():
    assert "CAP" not in [name for name, _ in first_moves(KNOBS)]


def test_trials_outweigh_a_prior():
    night = ScriptedSession(KNOBS)
    fooled = with_priors(night.request(1), GAMMA=[(0.04, 0.02, 6.0, 1.0)])
    night.discarded(1, "lower", {"train.py": KNOBS["train.py"].replace("0.04", "0.02")}, gain=-6.0)
    taught = replace(fooled, experiment=2, state=night.state)

    before, after = (Sampler().propose(request).idea for request in (fooled, taught))

    assert before == "lower GAMMA from 0.04 to 0.02"
    assert "lower GAMMA" not in after


def test_the_hypothesis_shows_the_priors_of_the_knob():
    night = ScriptedSession(KNOBS)
    request = with_priors(night.request(1), GAMMA=[(0.04, 0.02, 6.0, 1.0), (0.04, 0.08, -4.2, 1.1)])

    shown = Sampler().propose(request).hypothesis

    assert shown.endswith("(prior: 0.04 to 0.02 +6.0 ± 1.0 σ, 0.04 to 0.08 -4.2 ± 1.1 σ)")


def test_a_prior_may_name_a_knob_without_its_file():
    files = {"a.py": "GAMMA = 0.04  # [0.001..1]\n", "b.py": "LEAK = 0.1  # [0.01..1]\n"}

    assert set(first_moves(files, GAMMA=[(0.04, 0.02, 6.0, 1.0)])) == {("a.py:GAMMA", "0.02")}


@pytest.mark.parametrize(("gain", "is_believed"), [(6.0, True), (-8.0, False)])
def test_the_priors_of_a_knob_count_less_if_trials_contradict_those_of_another(gain, is_believed):
    night = ScriptedSession(KNOBS)
    night.discarded(1, "lower", {"train.py": KNOBS["train.py"].replace("0.04", "0.02")}, gain=gain)
    request = with_priors(night.request(2), GAMMA=[(0.04, 0.02, 8.0, 1.0)], LEAK=[(0.1, 0.2, 8.0, 1.0)])
    doubled = next(step for step in steps(knobs("train.py", KNOBS["train.py"])[2], {}) if step.value == 0.2)

    evidence = KnobEvidence(request.state.knobs.of_session("nov20"), before=2, priors=request.priors)

    assert (evidence.outlook("LEAK", doubled).mean > 1.0) == is_believed
