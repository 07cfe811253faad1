"""Times for people are local and name their offset."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from journal.console.local_time import local_clock, local_time
from journal.errors import JournalError

AT = "2026-11-20T23:30:05.250000+00:00"


def test_a_time_is_that_of_the_zone_with_its_offset():
    assert local_clock(AT, UTC) == "23:30:05+00:00"
    assert local_clock(AT, ZoneInfo("Europe/Berlin")) == "00:30:05+01:00"
    assert local_time(AT, ZoneInfo("Europe/Berlin")) == "2026-11-21 00:30:05+01:00"


def test_the_edge_of_the_calendar_is_shown_as_it_is():
    assert local_time("9999-12-31T23:59:59+00:00", ZoneInfo("Asia/Tokyo")) == "9999-12-31 23:59:59+00:00"


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00+00:00", "x" * 10_000])
def test_what_is_no_time_is_one_sentence(text):
    with pytest.raises(JournalError, match="as a time, which it is not"):
        local_clock(text)
