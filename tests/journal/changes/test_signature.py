"""What a signature does not see, and what it does."""

import ast
import builtins
import keyword
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.changes.signature import program_hash, signature
from journal.events import KnobMove

TRAIN = '''\
"""A trainer."""
import math
import torch.nn.functional as F
from torch import nn

MATRIX_LR = 0.04  # [0.005..0.2]
TOTAL = 2**18
BETAS = (0.8, 0.95)


class MLP(nn.Module):
    """Two layers."""

    def forward(self, x):
        hidden = self.up(x)
        hidden = F.relu(hidden).square()
        return self.down(hidden)


def schedule(progress):
    """Warm down."""
    if progress < 0.5:
        return 1.0
    rest = (1 - progress) / 0.5
    return rest * math.cos(rest)


def train(steps):
    total = 0.0
    for step in range(steps):
        loss = run(step, clip=1.0)
        total += loss
    return total / steps
'''


def sign(after: str, before: str = TRAIN):
    return signature({"train.py": before}, {"train.py": after})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hidden", "h"),
        ("# [0.005..0.2]", "# peak"),
        ('"""Two layers."""', '"""An MLP."""'),
        ("2**18", "262_144"),
        ("2**18", "1 << 18"),
        ("0.04", "4e-2"),
        ("import torch.nn.functional as F\n", "from torch.nn import functional as F\n"),
        ("import math\n", "from math import cos\n"),
        ("def forward(self, x):", "def forward(self, x: Tensor) -> Tensor:"),
        ("    rest = (1 - progress) / 0.5\n    return rest * math.cos(rest)", "    rest = (1 - progress)/0.5\n\n    return math.cos(rest) * rest"),
        ("        loss = run(step, clip=1.0)\n        total += loss\n", "        total += run(step, clip=1.0)\n"),
        ("total += loss", "total = total + loss"),
        ("progress < 0.5", "0.5 > progress"),
        ("    total = 0.0\n", "    total: float = 0.0\n    pass\n"),
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_the_same_program_written_otherwise_is_the_same_program(old, new):
    after = TRAIN.replace(old, new).replace("math.cos", "cos" if "from math import cos" in new else "math.cos")

    assert program_hash({"train.py": after}) == program_hash({"train.py": TRAIN})
    assert (sign(after).knobs, sign(after).added, sign(after).removed) == ((), (), ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.04", "0.05"),
        ("square()", "abs()"),
        ("self.down(hidden)", "self.down(x)"),
        ("rest * math", "progress * math"),
        ("progress < 0.5", "progress <= 0.5"),
        ("total += loss", "total -= loss"),
        ("import math\n", ""),
        ("1.0\n    rest", "1\n    rest"),
    ],
)
def test_another_program_is_another_program(old, new):
    assert program_hash({"train.py": TRAIN.replace(old, new)}) != program_hash({"train.py": TRAIN})


def test_functions_may_stand_in_any_order():
    head, first, second = "A = 1\n", "def f():\n    return A\n", "def g():\n    return f()\n"

    assert program_hash({"t.py": head + first + second}) == program_hash({"t.py": head + second + first})


def test_a_knob_that_moves_is_named_with_its_source_text():
    change = sign(TRAIN.replace("0.04", "0.05").replace("0.95", "0.9").replace("2**18", "2**17"))

    assert change.knobs == (
        KnobMove(name="BETAS[1]", old="0.95", new="0.9"),
        KnobMove(name="MATRIX_LR", old="0.04", new="0.05"),
        KnobMove(name="TOTAL", old="2**18", new="2**17"),
    )
    assert (change.added, change.removed) == ((), ())


def test_a_literal_inside_a_function_is_named_by_its_place():
    change = sign(TRAIN.replace("clip=1.0", "clip=0.5").replace("progress < 0.5", "progress < 0.4"))

    assert change.knobs == (
        KnobMove(name="schedule.progress", old="0.5", new="0.4"),
        KnobMove(name="train.clip", old="1.0", new="0.5"),
    )


def test_literals_of_one_name_get_distinct_names():
    before = "def f(x):\n    return x * 2 + x * 3 + x\n"

    change = sign(before.replace("2", "4").replace("3", "5"), before=before)

    assert [(move.name, move.new) for move in change.knobs] == [("f.literal", "4"), ("f.literal#2", "5")]


def test_structure_that_came_and_went_is_named_with_its_place():
    change = sign(TRAIN.replace("F.relu(hidden).square()", "F.gelu(hidden)"))

    assert change.added == ("gelu", "@MLP.forward")
    assert change.removed == ("relu", "square", "@MLP.forward")


def test_the_same_edit_on_another_parent_is_the_same_change():
    other = TRAIN.replace("MATRIX_LR = 0.04", "MATRIX_LR = 0.03").replace("return total / steps", "return total")
    edit = ("F.relu(hidden).square()", "F.gelu(hidden)")

    here, there = sign(TRAIN.replace(*edit)), sign(other.replace(*edit), before=other)

    assert here.change == there.change
    assert here.program != there.program


def test_which_of_the_parents_names_is_meant_makes_another_change():
    parent = "def f(q, k, v):\n    q = rotate(q)\n    return attend(q, k, v)\n"

    first = sign(parent.replace("    return", "    q = norm(q)\n    return"), before=parent)
    second = sign(parent.replace("    return", "    k = norm(k)\n    return"), before=parent)

    assert first.change != second.change


def test_a_name_that_the_change_brings_may_be_any_name():
    edits = (f"        {name} = self.up(x) * 2\n        hidden = {name} + {name}\n" for name in ("wide", "doubled"))

    first, second = (sign(TRAIN.replace("        hidden = self.up(x)\n", edit)) for edit in edits)

    assert first.change == second.change


def test_knobs_of_several_files_are_named_with_their_file():
    change = signature({"a.py": "LR = 1\n", "b.py": "LR = 1\n"}, {"a.py": "LR = 1\n", "b.py": "LR = 2\n"})

    assert change.knobs == (KnobMove(name="b.py:LR", old="1", new="2"),)


@pytest.mark.parametrize("name", ["train.toml", "train.py"])
def test_a_file_that_is_no_python_is_compared_by_its_lines(name):
    before = "rate = 1 of 2  # note\nsteps   = 5\n"

    same = signature({name: before}, {name: "rate = 1 of 2\nsteps = 5   # five\n\n"})
    other = signature({name: before}, {name: before.replace("steps", "seconds")})

    assert same.program == program_hash({name: before})
    assert (other.added, other.removed) == (("seconds",), ("steps",))


def test_an_edit_that_breaks_the_syntax_has_a_signature_too():
    assert sign(TRAIN + "def broken(:\n").program != program_hash({"train.py": TRAIN})


def test_a_signature_needs_no_python_that_ends():
    assert sign("X = 9**9**9**9\nY = 1 << 10**12\n").knobs == (
        KnobMove(name="BETAS[0]", old="0.8", new=""),
        KnobMove(name="BETAS[1]", old="0.95", new=""),
        KnobMove(name="MATRIX_LR", old="0.04", new=""),
        KnobMove(name="TOTAL", old="2**18", new=""),
    )


TAKEN = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
names = st.text(string.ascii_lowercase, min_size=4, max_size=9).filter(
    lambda name: name not in TAKEN and name not in TRAIN
)


@given(fresh=st.lists(names, min_size=6, max_size=6, unique=True))
def test_renaming_every_local_changes_nothing(fresh):
    renames = dict(zip(["hidden", "progress", "rest", "loss", "total", "steps"], fresh, strict=True))
    tree = ast.parse(TRAIN)

    renamed = ast.unparse(_Rename(renames).visit(tree))

    assert program_hash({"train.py": renamed}) == program_hash({"train.py": TRAIN})


@given(
    blanks=st.lists(st.sampled_from(["", "\n", "# a remark\n", "\n\n#: and another\n"]), min_size=40, max_size=40),
    widths=st.sampled_from([1, 2, 3, 8]),
)
def test_blank_lines_comments_and_indentation_change_nothing(blanks, widths):
    lines = [" " * (len(line) - len(line.lstrip(" "))) * widths + line.lstrip(" ") for line in TRAIN.splitlines()]

    spaced = "".join(blank + line + "\n" for blank, line in zip(blanks, lines, strict=False))

    assert program_hash({"train.py": spaced}) == program_hash({"train.py": "\n".join(TRAIN.splitlines()[:40])})


class _Rename(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        return ast.copy_location(ast.Name(id=self.names.get(node.id, node.id), ctx=node.ctx), node)

    def visit_arg(self, node):
        return ast.copy_location(ast.arg(arg=self.names.get(node.arg, node.arg)), node)
