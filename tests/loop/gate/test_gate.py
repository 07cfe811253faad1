"""The gate: one rule after another, and what counts as a repeat."""

import pytest
from scripted_session import ScriptedSession, proposal

from loop.contracts import Accepted, Rejected
from loop.gate.gate import ProposalLimits, check

TRAIN = """\
import math

MATRIX_LR = 0.04  # [0.005..0.2]
BATCH = 16
SEED = 1


def act(x):
    return relu(x) ** 2


def train(model):
    seed_everything(SEED)
    return model(act, MATRIX_LR)
"""
FILES = {"train.py": TRAIN}


def edit(old, new, text=TRAIN):
    assert old in text
    return {"train.py": text.replace(old, new)}


def answer_to(night, number, edits, **more):
    return check(proposal(edits, **more), night.request(number), scope=["train.py"])


def test_a_new_idea_passes_with_its_change_and_its_neighbours():
    night = ScriptedSession(FILES)
    night.discarded(1, "halve the rate", edit("0.04", "0.02"))
    night.discarded(2, "another batch", edit("BATCH = 16", "BATCH = 8"))

    answer = answer_to(night, 3, edit("0.04", "0.08"))

    assert isinstance(answer, Accepted)
    assert [(move.name, move.new) for move in answer.change.knobs] == [("MATRIX_LR", "0.08")]
    assert answer.neighbours == (1,)


@pytest.mark.parametrize(
    ("edits", "rule", "reason"),
    [
        ({}, "empty", "edits no file"),
        ({"evaluate.py": "x = 1\n"}, "scope", "not in scope"),
        ({"train.py": "x = 1\n" * 100_000}, "size", "400,000 bytes"),
        (edit("def act(x):", "def act(x:"), "parses", "line 8"),
        (edit("return relu", "yield from await relu"), "parses", "does not parse"),
        (FILES, "unchanged", "must change something"),
        (edit("# [0.005..0.2]", "# the peak"), "unchanged", "the same program|so the program is the same"),
        (edit("SEED = 1", "SEED = 2"), "seed", "Only a seed changes"),
        (edit("seed_everything(SEED)", "seed_everything(1337)", TRAIN), "passed", ""),
        (edit("import math", "import math, socket"), "imports", "import socket"),
        (edit("import math", "from subprocess import run"), "imports", "import subprocess"),
    ],
    ids=[
        "no edit",
        "outside",
        "huge",
        "syntax",
        "compile",
        "same",
        "comment",
        "seed",
        "structure",
        "socket",
        "subprocess",
    ],
)
def test_each_rule_has_a_reason(edits, rule, reason):
    answer = answer_to(ScriptedSession(FILES), 1, edits)

    assert getattr(answer, "rule", "passed") == rule
    assert any(part in getattr(answer, "reason", "") for part in reason.split("|"))


def test_a_literal_seed_inside_a_call_is_a_seed_too():
    before = TRAIN.replace("seed_everything(SEED)", "torch.manual_seed(1)")

    answer = answer_to(ScriptedSession({"train.py": before}), 1, edit("manual_seed(1)", "manual_seed(2)", before))

    assert isinstance(answer, Rejected)
    assert answer.rule == "seed"


def test_an_import_that_the_parent_has_already_passes():
    before = TRAIN.replace("import math", "import subprocess")

    answer = answer_to(ScriptedSession({"train.py": before}), 1, edit("0.04", "0.05", before))

    assert isinstance(answer, Accepted)


def test_the_caller_sets_the_limits():
    answer = check(
        proposal(edit("import math", "import yaml")),
        ScriptedSession(FILES).request(1),
        scope=["*.py"],
        limits=ProposalLimits(forbidden=frozenset({"yaml"})),
    )

    assert isinstance(answer, Rejected)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("c.json", '{"lr": 1}', '{"lr": 1,}'), ("c.toml", "lr = 1\n", "lr = \n"), ("c.yaml", "lr: 1\n", "lr: [1\n")],
)
def test_settings_files_must_parse_too(name, good, bad):
    night = ScriptedSession({name: good})

    broken = check(proposal({name: bad}), night.request(1), scope=[name])
    whole = check(proposal({name: good.replace("1", "2")}), night.request(1), scope=[name])

    assert isinstance(broken, Rejected)
    assert broken.rule == "parses"
    assert isinstance(whole, Accepted)


# --- repeats -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tried", "again", "rule"),
    [
        (edit("0.04", "0.05"), edit("0.04", "5e-2"), "same program"),
        (edit("0.04", "0.05"), edit("0.04", "0.0505"), "same value"),
        (edit("0.04", "0.05"), edit("0.04", "0.053"), "revisit"),
        (edit("relu(x) ** 2", "gelu(x)"), edit("def act(x):\n    return relu(x) ** 2", "def act(h):\n    y = gelu(h)\n    return y"), "same program"),
    ],
    ids=["same", "2 %", "6 %", "renamed"],
)  # fmt: skip
def test_what_was_tried_on_this_parent_is_refused_with_the_experiment(tried, again, rule):
    night = ScriptedSession(FILES)
    night.discarded(1, "a first try", tried)

    answer = answer_to(night, 2, again)

    assert isinstance(answer, Rejected)
    assert (answer.rule, answer.matched) == (rule, 1)
    assert "experiment 1 (discard, metric 1.515, delta +0.015)" in answer.reason


def test_another_value_of_the_same_knob_passes():
    night = ScriptedSession(FILES)
    night.discarded(1, "raise the rate", edit("0.04", "0.05"))

    assert isinstance(answer_to(night, 2, edit("0.04", "0.06")), Accepted)


def test_an_idea_in_flight_counts_and_the_proposals_own_record_does_not():
    night = ScriptedSession(FILES)
    night.proposed(1, "raise the rate", edit("0.04", "0.05"))

    assert isinstance(answer_to(night, 2, edit("0.04", "0.05")), Rejected)
    assert isinstance(answer_to(night, 1, edit("0.04", "0.05")), Accepted)


def test_an_experiment_that_a_person_skipped_may_be_proposed_again():
    night = ScriptedSession(FILES)
    night.skipped(1, "raise the rate", edit("0.04", "0.05"))

    assert isinstance(answer_to(night, 2, edit("0.04", "0.05")), Accepted)


def test_a_refused_attempt_is_not_an_experiment():
    night = ScriptedSession(FILES)
    night.refused(1, "raise the rate", edit("0.04", "0.05"))

    assert isinstance(answer_to(night, 2, edit("0.04", "0.05")), Accepted)


def on_a_new_base(gain=-3.0):
    """The rate was tried on the first base; then a smaller batch was kept."""
    night = ScriptedSession(FILES)
    night.discarded(1, "raise the rate", edit("0.04", "0.05"), gain=gain)
    night.kept(2, "halve the batch", edit("BATCH = 16", "BATCH = 8"))
    return night, edit("0.04", "0.05", night.files["train.py"])


def test_on_another_parent_a_second_try_must_name_the_first():
    night, again = on_a_new_base()

    answer = answer_to(night, 3, again)

    assert isinstance(answer, Rejected)
    assert (answer.rule, answer.matched) == ("revisit", 1)
    assert "base changed" in answer.reason


@pytest.mark.parametrize(
    ("reason", "gain", "passes"),
    [
        ("base changed", -3.0, True),
        ("Base_changed", -3.0, True),
        ("crash fixed", -3.0, False),
        ("unresolved", -3.0, False),
        ("unresolved", 0.4, True),
        ("harness changed", -3.0, False),
        ("I like it", -3.0, False),
    ],
)
def test_the_reason_for_a_second_try_is_checked(reason, gain, passes):
    night, again = on_a_new_base(gain)

    answer = answer_to(night, 3, again, retry_of=1, retry_reason=reason)

    assert isinstance(answer, Accepted) is passes


def test_second_tries_are_rationed():
    night, again = on_a_new_base()
    night.discarded(3, "a", edit("BATCH = 8", "BATCH = 4", night.files["train.py"]), retry_of=1)
    night.discarded(4, "b", edit("BATCH = 8", "BATCH = 2", night.files["train.py"]), retry_of=1)
    night.discarded(5, "c", edit("BATCH = 8", "BATCH = 32", night.files["train.py"]), retry_of=1)
    night.discarded(6, "d", edit("BATCH = 8", "BATCH = 64", night.files["train.py"]), retry_of=1)

    answer = answer_to(night, 7, again, retry_of=1, retry_reason="base changed")

    assert isinstance(answer, Rejected)
    assert "4 of the last 20" in answer.reason


@pytest.mark.parametrize(("device", "refused"), [("cpu", True), ("cuda:0", False)])
def test_another_session_counts_if_it_measured_with_the_same_harness(device, refused):
    first = ScriptedSession(FILES, session="nov19")
    first.discarded(1, "raise the rate", edit("0.04", "0.05"))
    second = ScriptedSession(FILES, session="nov20", state=first.state, device=device)

    answer = answer_to(second, 1, edit("0.04", "0.05"))

    assert isinstance(answer, Rejected) is refused


def test_what_another_session_kept_may_be_tried_again():
    first = ScriptedSession(FILES, session="nov19")
    first.kept(1, "raise the rate", edit("0.04", "0.05"))
    second = ScriptedSession(FILES, session="nov20", state=first.state)

    assert isinstance(answer_to(second, 1, edit("0.04", "0.05")), Accepted)
