"""Every planted defect fits the trainer as it stands, and is one."""

import importlib.util
import sys

import pytest
from patient import ROOT

from journal.ideas.signature import program

SOURCE = (ROOT / "gpt" / "train.py").read_text(encoding="utf-8")


def loaded(path):
    spec = importlib.util.spec_from_file_location("planted_defects", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLANTED = loaded(ROOT / "benchmarks" / "planted" / "defects.py")


@pytest.mark.parametrize("defect", PLANTED.DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_changes_the_program_and_can_be_told_from_the_sound_one(defect):
    planted = defect.plant(SOURCE)

    assert program({"train.py": planted}) != program({"train.py": SOURCE})
    assert defect.stands(planted)
    assert not defect.stands(SOURCE)


def test_there_are_ten_of_them_and_all_differ():
    planted = {program({"train.py": defect.plant(SOURCE)}) for defect in PLANTED.DEFECTS}

    assert len(planted) == len(PLANTED.DEFECTS) == 10
