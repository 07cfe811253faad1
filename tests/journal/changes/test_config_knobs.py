import json
import tomllib

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from journal.changes.python_knobs import knobs, replace_literal
from journal.changes.signature import signature
from journal.events import KnobMove

YAML = """\
# a run
model:
  depth: 4   # layers [2..8]
  act: relu  # {relu, gelu}
  betas: [0.8, 0.95]
notes: |
  lr: 5
train:
  lr: 3e-4
  amp: true
  name: "a # b"
  none: null
depth: 9
"""
TOML = """\
lr = 0.04  # [0.01..0.1]
[model]
depth = 4
betas = [0.8, 0.95]
act = "relu"  # {relu, gelu}
[[stage]]
width = 3
"""
JSON = (
    '{"model": {"depth": 4, "betas": [0.8, 0.95], "a,b": {"x": [1, {"y": 2}]}}, "amp": true, "lr": 3e-4, "none": null}'
)


def named(path, text):
    return {knob.name: knob.value for knob in knobs(path, text)}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "c.yaml",
            YAML,
            {
                "model.depth": 4,
                "model.act": "relu",
                "model.betas[0]": 0.8,
                "model.betas[1]": 0.95,
                "train.lr": 3e-4,
                "train.amp": True,
                "train.name": "a # b",
                "depth": 9,
            },
        ),
        (
            "c.toml",
            TOML,
            {"lr": 0.04, "model.depth": 4, "model.betas[0]": 0.8, "model.betas[1]": 0.95, "model.act": "relu"},
        ),
        (
            "c.json",
            JSON,
            {
                "model.depth": 4,
                "model.betas[0]": 0.8,
                "model.betas[1]": 0.95,
                "model.a,b.x[0]": 1,
                "model.a,b.x[1].y": 2,
                "amp": True,
                "lr": 3e-4,
            },
        ),
    ],
    ids=["yaml", "toml", "json"],
)
def test_scalars_are_knobs_named_by_their_path(path, text, expected):
    assert named(path, text) == expected


def test_comments_behind_settings_declare_rules_too():
    found = {knob.name: knob.range for knob in knobs("c.yaml", YAML)}

    assert (found["model.depth"].low, found["model.depth"].high) == (2, 8)
    assert found["model.act"].choices == ("relu", "gelu")


@pytest.mark.parametrize(
    ("path", "text"), [("c.yaml", YAML), ("c.toml", TOML), ("c.json", JSON)], ids=["yaml", "toml", "json"]
)
def test_a_setting_is_replaced_in_place(path, text):
    depth = next(knob for knob in knobs(path, text) if knob.name == "model.depth")

    changed = replace_literal(text, depth, "6")

    read = {"c.yaml": yaml.safe_load, "c.toml": tomllib.loads, "c.json": json.loads}[path](changed)
    assert read["model"]["depth"] == 6
    assert signature({path: text}, {path: changed}).knobs == (KnobMove(name="model.depth", old="4", new="6"),)
    assert len(changed) == len(text)


@given(
    values=st.dictionaries(
        st.sampled_from(["a", "b_c", "dd"]),
        st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_whatever_a_yaml_and_a_json_writer_write_is_read_back(values):
    plain, objects = yaml.safe_dump(values), json.dumps(values)

    assert named("c.json", objects) == values
    assert {name: float(value) for name, value in named("c.yml", plain).items()} == {
        k: float(v) for k, v in values.items()
    }


@given(text=st.text(max_size=200))
@example(text="[0_")
def test_any_text_is_scanned_without_an_error(text):
    assert [knobs(path, text) for path in ("a.yaml", "a.toml", "a.json", "a.py")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "depth: " + "9" * 5_000),
        ("a.toml", "depth = " + "9" * 5_000),
        ("a.json", '{"depth": ' + "9" * 5_000 + "}"),
        ("a.yaml", "depth: 4" + " " * 100_000 + "{"),
    ],
    ids=["yaml", "toml", "json", "spaces"],
)
def test_a_value_that_no_program_can_read_is_no_knob_and_takes_no_time(path, text):
    assert knobs(path, text) == ()


def test_a_long_list_of_settings_is_read_in_one_pass():
    text = json.dumps({f"knob{number}": number for number in range(20_000)})

    assert len(knobs("a.json", text)) == 20_000


def test_a_file_that_nests_without_end_is_read_at_once_and_has_no_knobs():
    deep = "[" * 50_000 + "1" + "]" * 50_000

    assert knobs("deep.json", deep) == ()
    assert knobs("deep.json", '{"a": [[1]], "b": ' + deep + "}")[0].name == "a[0][0]"


def test_a_string_without_an_end_is_read_at_once():
    assert knobs("open.json", '{"a": "' + '\\"' * 50_000) == ()
