"""The page of the brief's keys is the one that the code gives."""

from pathlib import Path

from loop.brief.config import BRIEF_KEYS
from loop.brief.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "brief-keys.md"


def test_the_page_of_keys_is_as_make_pages_writes_it_and_holds_every_key():
    assert PAGE.read_text(encoding="utf-8") == page()
    assert [line.split("`")[1] for line in page().splitlines() if line.startswith("| `")] == list(BRIEF_KEYS)
