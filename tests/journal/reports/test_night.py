"""The night told in the morning: as Markdown, and as a page that holds all it shows."""

import re
from html.parser import HTMLParser

import pytest
from histories import TAG, night
from hypothesis import given, settings
from hypothesis import strategies as st
from test_journal_cli import ar_journal

from journal.events.recorded import Recorded
from journal.projections.experiments import Experiment
from journal.projections.state import fold
from journal.reports.experiment import Portrait
from journal.reports.html import page
from journal.reports.night import PICTURE, markdown

TAGS = {"html", "meta", "title", "style", "h1", "h2", "h3", "p", "ul", "li", "strong", "code", "pre", "ins", "del"}
HOSTILE = st.text(alphabet=st.sampled_from("<>`\"'&*_[]()#|\\!-\n abc"), max_size=60)


class Elements(HTMLParser):
    """The elements of a page, and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.references, self.words = set(), [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.references += [value for name, value in attrs if name in {"href", "src", "xlink:href"}]

    def handle_data(self, data):
        self.words += data


def state_of(events):
    written = [event for _, batch in events for event in batch]
    return fold(
        Recorded(
            position=number,
            recorded_at="2026-11-20T23:00:00.000+00:00",
            stream="",
            version=number,
            event=event,
            hash="",
        )
        for number, event in enumerate(written, 1)
    )


def test_the_report_has_headline_kept_chain_failures_costs_and_what_is_next(night_path):
    told = ar_journal("report", journal=night_path)

    assert told.returncode == 0
    assert "`val_bpb`: **1.5000 → 1.4800** (-0.02, 4.0 σ)" in told.stdout
    assert '### #1 "halve the batch"' in told.stdout
    assert "-BATCH = 16\n+BATCH = 1\n" in told.stdout
    assert '- 1 × oom: "OutOfMemoryError" (#3)' in told.stdout
    assert re.findall("^## (.*)$", told.stdout, re.MULTILINE) == [
        "What was kept", "What failed, by cause", "What it cost",
    ]  # fmt: skip
    assert PICTURE not in told.stdout


def test_the_page_holds_its_plot_and_refers_to_nothing_elsewhere(night_path, folder):
    told = ar_journal("report", str(folder / "night.html"), journal=night_path)

    found = Elements((folder / "night.html").read_text(encoding="utf-8"))
    assert told.returncode == 0
    assert {"svg", "pre", "ins", "del"} <= found.tags
    assert {"script", "link", "img", "iframe"}.isdisjoint(found.tags)
    assert all(reference.startswith("#") for reference in found.references)


@settings(max_examples=30)
@given(words=HOSTILE, diff=HOSTILE)
def test_no_words_of_a_model_become_markup(words, diff):
    state = state_of(night())
    row = Experiment(session=TAG, number=1, idea=words, hypothesis=words, model=words, commit="c", metric=1.0)
    portrait = Portrait(experiment=row, diff=diff, verdict=words, runs=[], lineage=[])

    text = markdown(state, state.sessions.rows[TAG], [portrait])
    found = Elements(page(text, title=words, picture=""))

    assert found.tags <= TAGS
    assert found.words.count("What it cost") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--session", "gone"], "There is no session gone"), (["/nowhere/night.html"], "cannot be written")],
)
def test_a_report_that_cannot_be_made_is_one_sentence(night_path, arguments, words):
    told = ar_journal("report", *arguments, journal=night_path)

    assert told.returncode == 2
    assert words in told.stderr
    assert told.stderr.count("\n") <= 2
