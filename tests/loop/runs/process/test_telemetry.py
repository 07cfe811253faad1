"""What a training reports of itself: claims, noise and malice on a descriptor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.runs.process.telemetry import (
    LINE_LIMIT,
    TelemetryReader,
    TrainingFinished,
    TrainingStarted,
    TrainingStep,
    parse_message,
)

STEP = b'{"event":"step","step":1,"seconds":2.0,"loss":3.5}'


def test_messages_are_read_by_their_event():
    messages = list(TelemetryReader().feed(b'{"event":"started"}\n' + STEP + b'\n{"event":"finished","steps":9}\n'))

    assert messages == [TrainingStarted(), TrainingStep(step=1, seconds=2.0, loss=3.5), TrainingFinished(steps=9)]


@pytest.mark.parametrize(
    "line",
    [
        b"", b"noise", b"[]", b"{}", b"null", b"\xff\xfe", b'{"event":"cheer"}', b'{"event":"step"}',
        b'{"event":"step","step":"1","seconds":2}', b'{"event":"step","step":1.5,"seconds":2}',
        b'{"event":"step","step":-1,"seconds":2}', b'{"event":"step","step":1,"seconds":-2.5}',
        b'{"event":"step","step":1,"seconds":NaN}', b'{"event":"step","step":1,"seconds":1e999}',
        b'{"event":"step","step":1,"seconds":2,"loss":1e999}', b'{"event":"step","step":1,"seconds":2,"tokens":1e400}',
        b'{"event":"step","step":99999999999999999999,"seconds":2}', b'{"event":"step","step":1,"seconds":2,"progress":-1}',
        b'{"event":"finished","train_seconds":-1}', STEP + b" " * LINE_LIMIT,
        b'{"event":"step","seconds":2,"step":' + b"1" * 4_000 + b"}", b'{"event":"step","seconds":2,"step":' + b"1" * 350 + b"}",
        b'{"event":"step","step":1,"seconds":2,"more":' + b"[" * 1_000 + b"]" * 1_000 + b"}",
    ],
)  # fmt: skip
def test_what_is_not_a_plausible_message_is_dropped(line):
    assert parse_message(line) is None


def test_a_loss_may_be_negative():
    assert parse_message(b'{"event":"step","step":0,"seconds":0,"loss":-7}') == TrainingStep(
        step=0, seconds=0.0, loss=-7.0
    )


@given(st.lists(st.sampled_from([STEP, b"noise", b"x" * (LINE_LIMIT + 5)]), max_size=8), st.data())
def test_it_does_not_matter_how_the_bytes_are_cut(parts, data):
    stream = b"".join(line + b"\n" for line in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    reader = TelemetryReader()

    messages = [message for piece in pieces for message in reader.feed(piece)]

    assert messages == [TrainingStep(step=1, seconds=2.0, loss=3.5)] * parts.count(STEP)


@given(st.binary(max_size=300))
def test_the_reader_survives_any_bytes(noise):
    assert list(TelemetryReader().feed(noise + b"\n" + STEP + b"\n"))[-1] == TrainingStep(step=1, seconds=2.0, loss=3.5)


def test_an_endless_line_takes_no_memory():
    reader = TelemetryReader()

    parts = [list(reader.feed(b"x" * 65_536)) for _ in range(50)]

    assert parts == [[]] * 50
    assert len(reader._rest) <= LINE_LIMIT + 1
