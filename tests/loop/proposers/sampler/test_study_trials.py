"""What the sampler makes of the study's other sessions."""

import pytest
from scripted_session import ScriptedSession

from journal.projections.state import fold
from loop.proposers.sampler.evidence import KnobEvidence
from loop.proposers.sampler.sampler import Sampler, moves_of
from loop.proposers.sampler.study import OTHER_DEVICE, OTHER_SESSION, PER_CHANGE, study_trials

TRAIN = "LR = 0.04  # [0.001..1]\nDEPTH = 4  # layers [1..16]\nWARMUP = 0.1  # [0..0.5]\n"
FILES = {"train.py": TRAIN}


def edited(old, new, text=TRAIN):
    return {"train.py": text.replace(old, new)}


FASTER, DEEPER, SHORTER = ("LR = 0.04", "LR = 0.08"), ("DEPTH = 4", "DEPTH = 8"), ("WARMUP = 0.1", "WARMUP = 0.05")


def improvement(night, knob, value):
    """The expected improvement of a step in the next experiment of a night."""
    request = night.request(1)
    evidence = KnobEvidence((), before=1, elsewhere=study_trials(request))
    [step] = [move.step for move in moves_of(night.files) if move.name == knob and move.step.value == value]
    return evidence.improvement(knob, step)


def after(first, **second):
    """The second session of a study, on the same program."""
    return ScriptedSession(FILES, session="two", state=first.state, **second)


def failed(gain=-4.0, **facts):
    first = ScriptedSession(FILES, session="one", **facts)
    first.discarded(1, "raise the rate", edited(*FASTER), gain=gain)
    return first


UNKNOWN = improvement(ScriptedSession(FILES, session="alone"), "LR", 0.08)


def test_what_failed_last_night_promises_less_and_less_than_the_other_way():
    night = after(failed())

    assert improvement(night, "LR", 0.08) < UNKNOWN
    assert improvement(night, "LR", 0.08) < improvement(night, "LR", 0.02)


def test_what_was_kept_last_night_promises_more():
    first = ScriptedSession(FILES, session="one")
    first.kept(1, "raise the rate", edited(*FASTER), gain=5.0)

    assert improvement(after(first), "LR", 0.08) > UNKNOWN


def test_control_a_session_of_another_study_says_nothing():
    assert improvement(after(failed(), config={"budget": 7.0}), "LR", 0.08) == UNKNOWN


def test_a_result_counts_less_with_every_change_of_the_base():
    first = failed()
    near = improvement(after(first), "LR", 0.08)
    far = ScriptedSession(edited(*SHORTER, text=edited(*DEEPER)["train.py"]), session="three", state=first.state)

    assert near < improvement(far, "LR", 0.08) < UNKNOWN
    assert [trial.distance for trial in study_trials(far.request(1))] == [OTHER_SESSION + 2 * PER_CHANGE]


def test_a_result_of_another_device_class_counts_less_again():
    first = failed(device="cuda:0")
    night = after(first)

    [trial] = study_trials(night.request(1))

    assert trial.distance == OTHER_SESSION + OTHER_DEVICE
    assert improvement(after(failed()), "LR", 0.08) < improvement(night, "LR", 0.08) < UNKNOWN


@pytest.mark.parametrize(("device", "is_ruled_out"), [("cpu", True), ("cuda:0", False)])
def test_a_crash_rules_a_direction_out_on_its_own_device_class_only(device, is_ruled_out):
    first = ScriptedSession(FILES, session="one", device=device)
    first.crashed(1, "twice the depth", edited("DEPTH = 4", "DEPTH = 6"))

    assert (improvement(after(first), "DEPTH", 8) == 0) is is_ruled_out


def test_the_sampler_never_makes_a_failed_change_again_on_the_same_program():
    first = ScriptedSession(FILES, session="one")
    for number, value in enumerate(("0.08", "0.02", "0.06", "0.027", "0.05", "0.032", "0.044", "0.036"), 1):
        first.discarded(number, "the rate", edited("LR = 0.04", f"LR = {value}"))
    night = after(first)

    ideas = [Sampler().propose(night.request(number)).idea for number in range(1, 30)]

    assert not [idea for idea in ideas if " LR " in idea]


def test_control_without_the_first_session_the_sampler_moves_that_knob():
    night = ScriptedSession(FILES, session="two")

    ideas = [Sampler().propose(night.request(number)).idea for number in range(1, 30)]

    assert [idea for idea in ideas if " LR " in idea]


def test_a_hypothesis_names_the_session_that_it_stands_on():
    first = ScriptedSession({"train.py": "LR = 0.04  # [0.001..1]\n"}, session="one")
    first.discarded(1, "raise the rate", {"train.py": "LR = 0.08  # [0.001..1]\n"}, gain=-6.0)
    night = ScriptedSession(first.files, session="two", state=first.state)

    proposal = Sampler().propose(night.request(1))

    assert "The other direction did not pay in experiment 1 of session one (0.04 to 0.08" in proposal.hypothesis


def test_a_rebuilt_journal_gives_the_same_proposal():
    first = failed()
    night = after(first)
    rebuilt = fold([*first.events, *night.events])

    proposals = [Sampler().propose(night.request(1))]
    night.state = rebuilt
    proposals.append(Sampler().propose(night.request(1)))

    assert proposals[0] == proposals[1]
