"""The report of a session, as Markdown and as a self-contained HTML page."""

import re
from html.parser import HTMLParser

import pytest
from commands import ar_journal
from histories import TAG, night, proposed, started
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.events import Change, DirectionAdded, KnobMove
from journal.events.recorded import Recorded
from journal.projections.experiments import Experiment
from journal.projections.state import fold
from journal.reports.experiment import ExperimentReport
from journal.reports.html import render_page
from journal.reports.session_report import PLOT_MARK, render_markdown

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
    result = ar_journal("report", journal=night_path)

    assert result.returncode == 0
    assert "`val_bpb`: **1.5000 → 1.4800** (-0.02, 4.0 σ)" in result.stdout
    assert '### #1 "halve the batch"' in result.stdout
    assert "-BATCH = 16\n+BATCH = 1\n" in result.stdout
    assert '- 1 × oom: "OutOfMemoryError" (#3)' in result.stdout
    assert re.findall("^## (.*)$", result.stdout, re.MULTILINE) == [
        "What was kept", "What failed, by cause", "What it cost",
    ]  # fmt: skip
    assert PLOT_MARK not in result.stdout


def test_the_page_holds_its_plot_and_refers_to_nothing_elsewhere(night_path, folder):
    result = ar_journal("report", str(folder / "night.html"), journal=night_path)

    found = Elements((folder / "night.html").read_text(encoding="utf-8"))
    assert result.returncode == 0
    assert {"svg", "pre", "ins", "del"} <= found.tags
    assert {"script", "link", "img", "iframe"}.isdisjoint(found.tags)
    assert all(reference.startswith("#") for reference in found.references)


@settings(max_examples=30)
@given(words=HOSTILE, diff=HOSTILE)
def test_no_words_of_a_model_become_markup(words, diff):
    state = state_of(night())
    row = Experiment(session=TAG, number=1, idea=words, hypothesis=words, model=words, commit="c", metric=1.0)
    report = ExperimentReport(experiment=row, diff=diff, verdict=words, runs=[], lineage=[])

    text = render_markdown(state, state.sessions.rows[TAG], [report])
    found = Elements(render_page(text, title=words, svg=""))

    assert found.tags <= TAGS
    assert found.words.count("What it cost") == 1


def test_names_and_ranges_can_be_typed_as_they_are_printed():
    moves = tuple(KnobMove(name, "", "1") for name in ("BETAS[0]", "__all__[0]", "LR"))
    baseline = proposed(0, "the code", kind="baseline", change=Change(program="p", change="c", knobs=moves))
    direction = DirectionAdded(session=TAG, author="ada", channel="cli", direction=1, text="keep LR in [1e-4..1e-2]")
    state = state_of([("s", [started(), baseline, direction])])

    text = render_markdown(state, state.sessions.rows[TAG], [])

    assert "- Never changed: `BETAS[0]`, `LR`\n" in text
    assert "keep LR in [1e-4..1e-2]" in Elements(render_page(text, title="", svg="")).words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--session", "gone"], "There is no session gone"), (["/nowhere/night.html"], "cannot be written")],
)
def test_a_report_that_cannot_be_made_is_one_sentence(night_path, arguments, message):
    result = ar_journal("report", *arguments, journal=night_path)

    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") <= 2
