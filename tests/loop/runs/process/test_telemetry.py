"""What a training says of itself: claims, noise and malice on a descriptor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.runs.process.telemetry import LINE_LIMIT, Finished, Lines, Started, TrainingStep, understand

STEP = b'{"event":"step","step":1,"seconds":2.0,"loss":3.5}'


def test_words_are_read_by_their_event():
    words = list(Lines().feed(b'{"event":"started"}\n' + STEP + b'\n{"event":"finished","steps":9}\n'))

    assert words == [Started(), TrainingStep(step=1, seconds=2.0, loss=3.5), Finished(steps=9)]


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
    ],
)  # fmt: skip
def test_what_is_no_sensible_word_is_dropped(line):
    assert understand(line) is None


def test_a_loss_may_be_negative():
    assert understand(b'{"event":"step","step":0,"seconds":0,"loss":-7}') == TrainingStep(
        step=0, seconds=0.0, loss=-7.0
    )


@given(st.lists(st.sampled_from([STEP, b"noise", b"x" * (LINE_LIMIT + 5)]), max_size=8), st.data())
def test_it_does_not_matter_how_the_bytes_are_cut(said, data):
    stream = b"".join(line + b"\n" for line in said)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    lines = Lines()

    words = [word for piece in pieces for word in lines.feed(piece)]

    assert words == [TrainingStep(step=1, seconds=2.0, loss=3.5)] * said.count(STEP)


@given(st.binary(max_size=300))
def test_no_bytes_bring_the_reader_down(noise):
    assert list(Lines().feed(noise + b"\n" + STEP + b"\n"))[-1] == TrainingStep(step=1, seconds=2.0, loss=3.5)


def test_a_line_without_end_takes_no_memory():
    lines = Lines()

    said = [list(lines.feed(b"x" * 65_536)) for _ in range(50)]

    assert said == [[]] * 50
    assert len(lines._rest) <= LINE_LIMIT + 1
