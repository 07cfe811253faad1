"""The brief's rules on a change: its lines, its named values, its dependencies."""

import random
from pathlib import Path
from string import ascii_letters
from types import SimpleNamespace

import msgspec
import pytest
from scripted_session import ScriptedSession, proposal
from toys import BRIEF, Project

from journal.changes.signature import signature
from loop.brief.config import BRIEF_KEYS, Config
from loop.contracts import Rejected
from loop.gate.change_rules import ChangeRules
from loop.gate.gate import check
from loop.gate.imports import scan_imports
from loop.gate.literals import added_bytes
from loop.gate.patch import unified
from loop.proposers.prompt import brief
from loop.proposers.sampler.sampler import Sampler

FILES = {
    "train.py": "import math\n\nRATE = 0.04\nBATCH = 16\n\n\ndef act(x):\n    return relu(x) ** 2\n\n\nmodel(act, RATE, BATCH)\n"
}
CONFIG = "optimizer:\n  lr: 0.1\n  betas: [0.9, 0.95]\nwidth: 64\nheads: 4\n"
BOTH = {**FILES, "config.yaml": CONFIG}


def rules(**keys) -> ChangeRules:
    return ChangeRules.of(Config(goal="g", metric="m", direction="minimize", **keys))


def rule_of(edits, files=FILES, **keys) -> str:
    """The rule that a change breaks; empty where it passes."""
    tree = dict.fromkeys([*files, "lib/own.py"], SimpleNamespace(mode="100644"))
    answer = check(proposal(edits), ScriptedSession(files).request(1), scope=["**"], tree=tree, rules=rules(**keys))
    return answer.rule if isinstance(answer, Rejected) else ""


def edit(old: str, new: str) -> dict[str, str]:
    assert old in FILES["train.py"]
    return {"train.py": FILES["train.py"].replace(old, new)}


def moved(*pairs: str) -> dict[str, str]:
    text = CONFIG
    for pair in pairs:
        old, new = pair.split(" -> ")
        assert old in text
        text = text.replace(old, new)
    return {"config.yaml": text}


@pytest.mark.parametrize(("lines", "rule"), [(1, "max_lines"), (2, "")])
def test_a_change_of_more_lines_than_the_brief_allows_is_refused(lines, rule):
    assert rule_of(edit("RATE = 0.04\nBATCH = 16", "RATE = 0.02\nBATCH = 8"), max_lines=lines) == rule


LETTERS = random.Random(1).choices(ascii_letters, k=200_000)
SHORT_NAMES = ["".join(LETTERS[start : start + 38]) for start in range(0, len(LETTERS), 38)]
WEIGHTS = f"\nTABLE = {[number / 7 for number in range(2000)]}\n"  # 37 kB of digits


@pytest.mark.parametrize(
    "text",
    [
        WEIGHTS,
        f"\nX = 1  # {'0a' * 20_000}\n",
        f"\nTABLE = '{'0a' * 20_000}'\n",
        f"\n{'a' * 20_001} = 1\n",
        f"\nTABLE = [{', '.join(SHORT_NAMES)}]\n",
        "\nTABLE = ["
        + ",\n".join("" + "+-~"[ord(letter) % 3] + f"{letter}[{letter}]" for letter in LETTERS[:50_000])
        + "]\n",
    ],
    ids=["numbers", "a comment", "a string", "a name", "short names", "operators"],
)
def test_a_change_that_holds_weights_is_refused_in_whatever_form_it_holds_them(text):
    files = {"train.py": FILES["train.py"] + text}

    assert rule_of(files, max_lines=100_000) == "literals"
    assert rule_of(files, max_literal_bytes=200_000, max_lines=100_000) == ""


def test_a_whole_training_script_that_is_written_anew_is_below_the_limit_on_literals():
    train = (Path(__file__).parents[3] / "gpt" / "train.py").read_text()  # 600 lines, written anew

    assert (
        0 < added_bytes({"train.py": train}, {}) < Config.__struct_defaults__[BRIEF_KEYS.index("max_literal_bytes") - 3]
    )


def test_a_string_without_an_end_counts_to_the_end_of_its_line():
    assert added_bytes({"a.txt": "don't stop\nstop"}, {}) == len("'t stop")


def test_a_thousand_quotes_without_an_end_are_searched_once():
    text = "x = '" + "\\'" * 150_000  # a search from each quote to the end would take an hour

    assert added_bytes({"train.py": text}, {}) == len(text) - len("x = ")


def test_half_a_character_counts_too():
    assert added_bytes({"train.py": "'\ud800'"}, {}) == 5


def test_literals_that_a_file_has_already_count_no_more():
    full = {"train.py": FILES["train.py"] + WEIGHTS}

    assert rule_of({"train.py": full["train.py"].replace("RATE = 0.04", "RATE = 0.02")}, files=full) == ""


GROUPS = (("width", "heads"), ("optimizer.lr", "BATCH"))


@pytest.mark.parametrize(
    ("edits", "rule"),
    [
        (moved("lr: 0.1 -> lr: 0.2"), ""),
        (moved("0.9, 0.95 -> 0.8, 0.99"), ""),
        (moved("width: 64 -> width: 128", "heads: 4 -> heads: 8"), ""),
        (moved("width: 64 -> width: 128", "lr: 0.1 -> lr: 0.2"), "atomic"),
        ({**moved("lr: 0.1 -> lr: 0.2"), **edit("BATCH = 16", "BATCH = 8")}, ""),
        ({**moved("width: 64 -> width: 128"), **edit("BATCH = 16", "BATCH = 8")}, "atomic"),
        (edit("return relu(x) ** 2", "return gelu(x)"), "atomic"),
        (edit("BATCH = 16", "BATCH = 16\nWARM = 3"), "atomic"),
    ],
)
def test_one_value_moves_or_one_group_over_code_and_settings_together(edits, rule):
    assert rule_of(edits, BOTH, atomic="knob", groups=GROUPS) == rule


@pytest.mark.parametrize(
    ("edits", "rule"),
    [
        (edit("import math", "import math, json"), ""),
        (edit("import math", "import math\nfrom lib import own"), ""),
        (edit("import math", "import math\nimport torch"), "dependencies"),
        ({"sub/pyproject.toml": "[project]\n"}, "dependencies"),
        ({"requirements-dev.txt": "torch\n"}, "dependencies"),
    ],
)
def test_fixed_dependencies_are_neither_declared_nor_imported_anew(edits, rule):
    assert rule_of(edits, dependencies="fixed") == rule
    assert rule_of(edits) == ""


def test_what_a_file_imports_is_read_off_its_lines():
    texts = ["import torch.nn as nn, os\n", "def later():\n    from scipy.stats import norm\n", "from . import near\n"]

    assert scan_imports(texts) == {"torch", "os", "scipy"}


def test_the_prompt_states_the_rules():
    sentences = rules(max_lines=9, atomic="knob", groups=(("A", "B"),), dependencies="fixed").sentences()

    prompt = brief(msgspec.structs.replace(ScriptedSession(FILES).request(1), rules=tuple(sentences)))

    assert "Rule: A change adds at most 9 lines and removes at most 9 lines." in prompt
    assert "or the values of one group: A, B." in prompt


def test_the_sampler_moves_one_value_if_one_may_move_also_on_a_plateau():
    night = ScriptedSession(FILES)
    request = msgspec.structs.replace(night.request(2), plateau=25, one_knob=True)

    moved = Sampler().propose(request)

    assert len(signature(night.files, moved.files).knobs) == 1


def test_ar_loop_check_knows_the_briefs_rules(tmp_path):
    project = Project(tmp_path / "toy", brief=BRIEF.replace("scope:", "max_lines: 1\nscope:"))
    text = (project.root / "train.py").read_text()

    result = project.loop(
        "check", "-", input=unified({"train.py": text}, {"train.py": text.replace("0.5", "0.7") + "print(1)\n"})
    )

    assert result.returncode == 1
    assert (
        "refused (max_lines): The change adds 2 lines and removes 1; the brief allows 1: propose a smaller change."
        in result.stdout
    )
