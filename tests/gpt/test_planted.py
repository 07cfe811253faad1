"""Every planted defect fits the trainer as it stands, and is one."""

import pytest
from patient import ROOT, loaded

from journal.changes.signature import program_hash

SOURCE = (ROOT / "gpt" / "train.py").read_text(encoding="utf-8")


PLANTED = loaded(ROOT / "benchmarks" / "planted" / "defects.py")


@pytest.mark.parametrize("defect", PLANTED.DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_changes_the_program_and_can_be_told_from_the_sound_one(defect):
    planted = defect.plant(SOURCE)

    assert program_hash({"train.py": planted}) != program_hash({"train.py": SOURCE})
    assert defect.stands(planted)
    assert not defect.stands(SOURCE)


def test_there_are_ten_of_them_and_all_differ():
    planted = {program_hash({"train.py": defect.plant(SOURCE)}) for defect in PLANTED.DEFECTS}

    assert len(planted) == len(PLANTED.DEFECTS) == 10
