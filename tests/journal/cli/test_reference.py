"""The generated pages say what the code says."""

from pathlib import Path

import pytest

from journal.cli.reference import events_page, sql_page, write
from journal.events import CATALOGUE

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(("page", "expected"), [("events.md", events_page()), ("sql.md", sql_page())])
def test_the_page_is_as_the_code_is(page, expected):
    assert (DOCS / page).read_text(encoding="utf-8") == expected, "run `python -m journal.cli.reference docs`"


def test_every_event_is_on_the_page():
    page = events_page()

    assert [name for name in CATALOGUE if f"**{name}@" not in page] == []


def test_fields_carry_their_types_defaults_and_units():
    assert "`retry_after` float | None = None" in events_page()
    assert "`metric` float | None = None (mean over the candidate's runs; None if no run gave one)" in events_page()


def test_both_pages_are_written(tmp_path):
    write(tmp_path)

    assert sorted(page.name for page in tmp_path.iterdir()) == ["events.md", "sql.md"]
