"""Events to bytes and back."""

import dataclasses
import json
import math
from pathlib import Path

import msgspec
import pytest
from eventful import EVENTS, LAW, instances
from histories import proposed, trained
from hypothesis import given
from hypothesis import strategies as st

from journal.errors import JournalError, UnknownEvent
from journal.events import CATALOGUE, ExperimentKept, RunFinished, SessionPaused
from journal.store.codec import decode, encode
from journal.store.upcast import upcast

GOLDEN = Path(__file__).parents[1] / "golden"


@LAW
@given(EVENTS)
def test_every_event_reads_back_as_it_was_written(event):
    payload = encode(event)

    assert decode(event.NAME, event.SCHEMA, payload) == event
    json.loads(payload)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(value):
    kept = ExperimentKept(session="s", experiment=1, commit="c", metric=value, reason="better")

    with pytest.raises(JournalError, match=r"ExperimentKept\.metric holds .*not a finite number"):
        encode(kept)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused_however_deep_it_lies(value):
    finished = msgspec.structs.replace(trained(1, "c", 1.5)[1], guards={"entropy": value})

    with pytest.raises(JournalError, match="guards"):
        encode(finished)


def test_text_that_is_not_unicode_is_refused():
    event = proposed(1, "half a surrogate \ud800")

    with pytest.raises(JournalError, match="IdeaProposed holds text"):
        encode(event)


def test_an_event_of_another_program_is_refused_by_name():
    with pytest.raises(UnknownEvent, match="MoonLanded@1 is no event of this program"):
        decode("MoonLanded", 1, b"{}")


def test_an_event_of_a_newer_program_is_refused_by_schema():
    with pytest.raises(
        UnknownEvent, match=r"RunFinished@7 was written by a newer program \(this one knows RunFinished@1\)"
    ):
        decode("RunFinished", 7, b"{}")


def test_a_payload_of_the_wrong_shape_is_refused_in_a_sentence():
    with pytest.raises(UnknownEvent, match="A stored RunFinished@1 cannot be read"):
        decode("RunFinished", 1, b'{"session": 5}')


def test_old_shapes_climb_one_step_at_a_time():
    class Grown(RunFinished, frozen=True, kw_only=True):
        SCHEMA = 3

    steps = {
        ("RunFinished", 1): lambda old: {**old, "climbed": [2]},
        ("RunFinished", 2): lambda old: {**old, "climbed": [*old["climbed"], 3]},
    }

    climbed = upcast("RunFinished", 1, {"metric": 1.5}, steps=steps, catalogue={"RunFinished": Grown})

    assert climbed == {"metric": 1.5, "climbed": [2, 3]}


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_historic_shape_is_still_read(golden):
    name, schema = golden.stem.split("@")

    event = decode(name, int(schema), golden.read_bytes())

    assert name == event.NAME


def test_a_pause_of_schema_1_is_read_without_its_end():
    golden = (GOLDEN / "SessionPaused@1.json").read_bytes()

    event = decode("SessionPaused", 1, golden)

    assert "until" in json.loads(golden)
    assert event == SessionPaused(session="nov20", reason="text")


def test_every_event_of_the_catalogue_has_a_golden_file_of_its_present_shape():
    present = {f"{name}@{kind.SCHEMA}.json" for name, kind in CATALOGUE.items()}

    assert present <= {path.name for path in GOLDEN.glob("*.json")}


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_field_once_stored_is_never_dropped_or_renamed_without_a_new_schema(name):
    kind = CATALOGUE[name]
    golden = json.loads((GOLDEN / f"{name}@{kind.SCHEMA}.json").read_bytes())

    assert golden.keys() <= set(kind.__struct_fields__)


@LAW
@given(st.data())
def test_fields_that_a_later_program_added_do_not_disturb(data):
    event = data.draw(instances(RunFinished))
    later = json.loads(encode(event)) | {"added_later": 1}

    assert decode("RunFinished", 1, json.dumps(later).encode()) == event


def test_events_cannot_be_changed():
    event = proposed(1, "halve the batch")

    with pytest.raises(AttributeError):
        event.idea = "double it"
    assert not dataclasses.is_dataclass(event)
