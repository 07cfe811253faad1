"""A machine's constants, written into the file in scope."""

import pytest

from loop.brief.profile import apply_constants, read
from loop.errors import BadInput

TRAIN = 'DEPTH = 8  # layers\nPRECISION = "bf16"  # {bf16, fp32}\nDEPTH_OF_FIELD = 2\n'


def test_constants_are_written_in_place_and_comments_stay():
    files = apply_constants({"DEPTH": "4", "PRECISION": '"fp32"'}, {"train.py": TRAIN, "other.py": "A = 1\n"})

    assert files == {"train.py": 'DEPTH = 4  # layers\nPRECISION = "fp32"  # {bf16, fp32}\nDEPTH_OF_FIELD = 2\n'}


def test_constants_that_the_file_already_has_change_nothing():
    assert apply_constants({"DEPTH": "8"}, {"train.py": TRAIN}) == {}


def test_a_constant_that_no_file_defines_is_bad_input():
    with pytest.raises(BadInput, match="The profile sets WIDTH, which no file in scope defines"):
        apply_constants({"WIDTH": "4"}, {"train.py": TRAIN})


def test_a_profile_is_read_as_literals_and_defaults(tmp_path):
    path = tmp_path / "cpu.toml"
    path.write_text(
        '[brief]\nbudget = "20s"\n[constants]\nDEPTH = 4\nPRECISION = "fp32"\nFUSED = true\n[priors]\nDEPTH = [[4, 6, 1.5, 1.1]]\n'
    )

    found = read(path)

    assert found.name == "cpu"
    assert found.brief == {"budget": "20s", "priors": {"DEPTH": [[4, 6, 1.5, 1.1]]}}
    assert found.constants == {"DEPTH": "4", "PRECISION": '"fp32"', "FUSED": "True"}


@pytest.mark.parametrize(
    ("text", "message"),
    [("[brief]\nbugdet = 1\n", "sets `bugdet`, which is not a key"), ("[brief\n", "cannot be read"), ("brief = 3\n", "cannot be read")],
)  # fmt: skip
def test_a_broken_profile_is_bad_input(tmp_path, text, message):
    path = tmp_path / "cpu.toml"
    path.write_text(text)

    with pytest.raises(BadInput, match=message):
        read(path)
