"""Constants of train.py can be read, explained and changed by a program."""

import ast
import re
import tomllib

import pytest
from patient import ROOT

SOURCE = (ROOT / "gpt" / "train.py").read_text(encoding="utf-8")
LINE = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]*) = (?P<literal>.+?)  # (?P<comment>\S.*)$")
ASSIGNED = [
    node.targets[0].id
    for node in ast.parse(SOURCE).body
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
]
CONSTANTS = {match["name"]: match for line in SOURCE.splitlines() if (match := LINE.match(line))}
PROFILES = tomllib.loads((ROOT / "gpt" / "profiles.toml").read_text(encoding="utf-8"))


def test_every_constant_is_one_line_with_a_literal_and_a_comment():
    assert set(CONSTANTS) == set(ASSIGNED)


@pytest.mark.parametrize("name", ASSIGNED)
def test_a_constant_is_a_plain_literal_within_what_its_comment_allows(name):
    value = ast.literal_eval(CONSTANTS[name]["literal"])

    comment = CONSTANTS[name]["comment"]
    span = re.search(r"\[(?P<lo>[-\d.e]+)\.\.(?P<hi>[-\d.e]+)\]", comment)
    multiple = re.search(r"multiple of (\d+)", comment)
    choices = re.search(r"\{(.+)\}", comment)
    assert span or choices or "fixed" in comment
    assert "fixed" in comment or choices is None or str(value) in choices[1].split(", ")
    assert span is None or float(span["lo"]) <= value <= float(span["hi"])
    assert multiple is None or value % int(multiple[1]) == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_sets_constants_that_exist(profile):
    assert set(PROFILES[profile]["constants"]) <= set(CONSTANTS)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_sets_the_same_keys(profile):
    tables = {table: set(PROFILES[profile][table]) for table in ("brief", "constants", "data")}

    assert tables == {table: set(PROFILES["cpu"][table]) for table in ("brief", "constants", "data")}


def test_the_file_that_experiments_edit_stays_small():
    assert len(SOURCE.splitlines()) <= 650


def test_the_file_that_experiments_edit_needs_torch_and_the_data_alone():
    import sys

    imports = [node for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Import | ast.ImportFrom)]

    named = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module for node in imports if isinstance(node, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in named}
    assert roots - set(sys.stdlib_module_names) == {"torch", "gpt"}
