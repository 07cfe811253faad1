"""The hand-over to Optuna; skipped where the extra is not installed."""

import pytest
from scripted_night import Night

from journal.changes.signature import signature
from loop.contracts import Accepted
from loop.gate.gate import check
from loop.proposers.sampler import tpe
from loop.proposers.sampler.sampler import PLATEAU, Sampler, moves_of

pytest.importorskip("optuna")

TRAIN = """\
LR = 0.04  # [0.005..0.2]
DEPTH = 4  # [2..8]
WIDTH = 128  # multiple of 32 [64..256]
TIED = True
WINDOW = "SSSL"  # {SSSL, SL, L}
SEED = 7
"""


def knobs_of(night):
    return {move.name: move.step.knob for move in moves_of(night.files)}


def a_night():
    night = Night({"train.py": TRAIN})
    night.discarded(1, "lower", {"train.py": TRAIN.replace("0.04", "0.02")}, gain=-2.0)
    night.kept(2, "raise", {"train.py": TRAIN.replace("0.04", "0.06")})
    night.crashed(3, "widen", {"train.py": night.files["train.py"].replace("128", "256")})
    night.discarded(
        4,
        "untie and deepen",
        {"train.py": night.files["train.py"].replace("True", "False").replace("4  # [2", "6  # [2")},
    )
    return night


def test_the_journal_is_read_as_configurations_with_their_metric():
    night = a_night()

    found = list(tpe.measured(night.request(5), knobs_of(night)))

    shared = {"WIDTH": 128, "WINDOW": "SSSL"}
    assert found == [
        ({**shared, "LR": 0.04, "DEPTH": 4, "TIED": True}, 1.5),
        ({**shared, "LR": 0.02, "DEPTH": 4, "TIED": True}, 1.51),
        ({**shared, "LR": 0.06, "DEPTH": 4, "TIED": True}, 1.48),
        ({**shared, "LR": 0.06, "DEPTH": 4, "TIED": True, "WIDTH": 256}, pytest.approx(1.513)),
        ({**shared, "LR": 0.06, "DEPTH": 6, "TIED": False}, pytest.approx(1.495)),
    ]


def test_a_joint_proposal_keeps_to_the_rules_and_passes_the_gate():
    night = a_night()

    proposals = [Sampler("tpe").propose(night.request(number)) for number in range(5, 13)]

    answers = [check(proposal, night.request(20), scope=["train.py"]) for proposal in proposals]
    moved = [move for proposal in proposals for move in signature(night.files, proposal.files).knobs]
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert {move.name for move in moved} == {"LR", "DEPTH", "WIDTH", "TIED", "WINDOW"}
    assert {move.new for move in moved if move.name == "WIDTH"} <= {"64", "96", "160", "192", "224", "256"}
    assert {move.new for move in moved if move.name == "WINDOW"} <= {'"SL"', '"L"'}


def test_auto_is_local_until_a_plateau():
    night = Night({"train.py": TRAIN})

    first = Sampler("auto").propose(night.request(3))
    flat = plateau(night)
    later = Sampler("auto").propose(night.request(flat))

    assert len(signature(night.files, first.files).knobs) == 1
    assert len(signature(night.files, later.files).knobs) > 1


def plateau(night):
    """Discards until the sampler hands over; returns the number of the next experiment, a multiple of three."""
    for number in range(1, PLATEAU + 3):
        value = f"{0.05 + number / 1000:.3f}"
        night.discarded(number, "raise", {"train.py": TRAIN.replace("0.04", value)}, gain=-1.5)
    return (PLATEAU + 5) // 3 * 3


@pytest.mark.parametrize(("device", "count"), [("cpu", 6), ("cuda:0", 1)])
def test_the_study_s_sessions_on_the_same_device_class_are_read_too(device, count):
    first = a_night()
    second = Night({"train.py": TRAIN}, session="nov21", state=first.state, device=device)

    found = list(tpe.measured(second.request(1), knobs_of(second)))

    assert len(found) == count
    assert found[-1] == ({"LR": 0.04, "DEPTH": 4, "TIED": True, "WIDTH": 128, "WINDOW": "SSSL"}, 1.5)
