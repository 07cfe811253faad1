"""YAML of strangers: a value, or one kind of error."""

import pytest
import yaml
from toys import BRIEF

from loop.brief import yaml_text
from loop.brief.program import parse
from loop.errors import BadInput
from loop.gate.gate import syntax_error
from loop.judges import criteria

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
UNUSABLE = {
    "no truth value": "x: !!bool foo",
    "no time": "x: !!timestamp foo",
    "an empty integer": "x: !!int ''",
    "an empty real": "x: !!float ''",
    "a 13th month": "x: 2024-13-01",
    "a list that holds itself": "x: &x [*x]",
    "a mapping that holds itself": "x: &x {y: *x}",
    "a billion values": BOMB,
    "65 lists in each other": "x: " + "[" * 65 + "]" * 65,
    "5,000 lists in each other": "x: " + "[" * 5_000,
    "an integer of 5,000 digits": "x: " + "9" * 5_000,
    "a hexadecimal integer of 5,000 digits": "x: 0x" + "f" * 5_000,
    "an integer to the base of 60": "x: " + "1:" * 5_000 + "1",
    "a call of Python": "x: !!python/object:os.system y",
    "a control character": "x: \x01",
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_value_is_one_kind_of_error(text):
    with pytest.raises(yaml_text.NotYaml):
        yaml_text.documents(text)


@pytest.mark.parametrize(
    ("text", "error"),
    [("x: !!bool foo", KeyError), ("x: !!timestamp foo", AttributeError), ("x: !!int ''", IndexError)],
)
def test_control_the_library_raises_errors_of_every_kind(text, error):
    with pytest.raises(error):
        yaml.safe_load(text)


def test_an_ordinary_text_with_an_alias_is_read():
    assert yaml_text.documents("a: &a {lr: 0.1}\nb: {<<: *a, width: 64}\n---\n[1, 2026-11-20]\n")[0] == {
        "a": {"lr": 0.1},
        "b": {"lr": 0.1, "width": 64},
    }


def test_a_second_document_is_no_value():
    with pytest.raises(yaml_text.NotYaml, match="more than one document"):
        yaml_text.value("a: 1\n---\nb: 2\n")


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_a_proposal_with_such_settings_does_not_parse(text):
    assert syntax_error("config.yaml", text).startswith("config.yaml does not parse")


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_a_brief_or_a_rubric_with_such_a_value_is_bad_input(text, tmp_path):
    with pytest.raises(BadInput):
        parse(BRIEF.replace("---\n", f"---\n{text}\n", 1), path=tmp_path / "program.md")
    with pytest.raises(BadInput):
        criteria.read(f"criteria: [{{name: a, ask: b}}]\n{text}\n", name="rubric")


@pytest.mark.parametrize("value", ["!!bool foo", "[" * 5_000, "9" * 5_000, "2024-13-01"])
def test_a_list_in_a_brief_of_lines_with_such_a_value_is_bad_input(value, tmp_path):
    with pytest.raises(BadInput):
        parse(f"Goal: a\nMetric: b\nDirection: minimize\nScope: [{value}]\n", path=tmp_path / "program.md")
