"""The night as a report in Markdown: headline, kept chain with diffs, failures by cause, costs, what to try next. Pure.

Ideas, reasons and diffs come from models and from training output: they are quoted, and a diff cannot end its fence.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from journal.console.text import plain
from journal.projections.experiments import Experiment
from journal.projections.runs import Run
from journal.projections.sessions import Session
from journal.projections.spend import Spend
from journal.projections.state import State
from journal.reports import quoting
from journal.reports.calibration import foresight
from journal.reports.experiment import Portrait
from journal.reports.knob_ledger import untouched
from journal.reports.memory import NEAR_MISS
from journal.reports.narration import change, count, number

IDEA, REASON = 110, 160  # characters
FAILURES, MISSES, KNOBS = 12, 8, 30  # lines
_EMPHASIS = re.compile(r"[*~]|(?<!\w)_|_(?!\w)")
PICTURE = "<!-- picture -->"  # where a page puts the plot


def kept(state: State, session: str) -> list[int]:
    """The numbers of the experiments whose changes were kept, in order, the baseline left out."""
    rows = state.experiments.rows.values()
    return [row.number for row in rows if row.session == session and row.status == "keep" and row.number > 0]


def markdown(state: State, session: Session, portraits: Sequence[Portrait]) -> str:
    """The report of one session; `portraits` of its `kept` experiments."""
    night = _Night(state, session)
    sections = (
        [f"# {_title(session)}", "", *night.headline(), "", PICTURE],
        _section("What was kept", [line for portrait in portraits for line in _kept(portrait)]),
        _section("What failed, by cause", night.failures()),
        _section("What it cost", night.costs()),
        _section("What to try next", night.next()),
    )
    return "\n".join(line for lines in sections for line in lines).rstrip() + "\n"


class _Night:
    """One session's rows, told part by part."""

    def __init__(self, state: State, session: Session) -> None:
        self._state = state
        self._session = session
        self._rows = state.experiments.of_session(session.tag)
        self._runs = state.runs.of_session(session.tag)

    def headline(self) -> list[str]:
        session, counts = self._session, self._session.counts
        told = f"{session.kept} kept, {counts['discard']} discarded, {counts['crash']} crashed"
        invalid = f", {counts['invalid']} that do not count" if counts["invalid"] else ""
        refused = f"; {session.refusals} proposals were refused before they cost a run" if session.refusals else ""
        where = f"Session {_code(session.tag)} on {_bare(session.device) or 'no device'}, {self._hours():.1f} hours"
        ending = f": {_quote(session.reason, REASON)}" if session.reason else ""
        trust = self._trust()
        return [
            _best(session),
            "",
            f"{count(session.experiments, 'experiment')}: {told}{invalid}{refused}. {where}, {session.state}{ending}.",
            *(["", f"**Trust.** {trust}"] if trust else []),
        ]

    def failures(self) -> list[str]:
        """One line for each error, the most frequent first."""
        causes: dict[tuple[str, str], list[Run]] = defaultdict(list)
        for run in self._runs:
            if run.failure:
                causes[run.failure, run.signature or run.reason].append(run)
        often = sorted(causes.items(), key=lambda cause: -len(cause[1]))
        lines = [
            f"- {len(runs)} × {kind}: {_quote(words, REASON)} ({_numbers(runs)})"
            for (kind, words), runs in often[:FAILURES]
        ]
        return [*lines, f"- and {len(often) - FAILURES} other causes"] if len(often) > FAILURES else lines

    def costs(self) -> list[str]:
        trained, ran = sum(run.train_seconds for run in self._runs), sum(run.wall_seconds for run in self._runs)
        hours = f"{trained / 3600:.2f} hours of training, {ran / 3600:.2f} with start and evaluation"
        lines = [f"- {count(len(self._runs), 'run')}: {hours}"]
        asked = (row for row in self._state.spend.rows.values() if row.session == self._session.tag and row.calls)
        lines.extend(map(_price, asked))
        return lines + [f"- {line}" for line in foresight(self._rows, session=self._session.tag)]

    def next(self) -> list[str]:
        """Directions that stand, near misses, and what nobody has moved."""
        given = [f"- Your direction: {_quote(text, REASON)}" for text in self._session.directions.values()]
        near = [row for row in self._rows if row.status == "discard" and (row.gain_sigma or 0.0) > NEAR_MISS]
        near.sort(key=lambda row: -(row.gain_sigma or 0.0))
        misses = [
            f"- Near miss #{row.number}: {_quote(row.idea, IDEA)} gained {row.gain_sigma:.1f} σ in {count(row.runs, 'run')}"
            for row in near[:MISSES]
        ]
        names = untouched(self._state.knobs, self._session.tag)[:KNOBS]
        return [*given, *misses, *([f"- Never moved: {', '.join(map(_code, names))}"] if names else [])]

    def _hours(self) -> float:
        """From the session's start to its end, or to the last that is known of it."""
        last = self._session.ended_at or max((run.finished_at or "" for run in self._runs), default="")
        if not last:
            return 0.0
        return (_moment(last) - _moment(self._session.started_at)).total_seconds() / 3600

    def _trust(self) -> str:
        reported = sum(run.trust == "self-reported" for run in self._runs)
        limited = sum(run.isolation == "limited" for run in self._runs)
        facts = (
            (reported, f"{count(reported, 'metric')} came from the training itself"),
            (limited, f"{count(limited, 'run')} had limits but no sandbox"),
        )
        told = "; ".join(words for there, words in facts if there)
        return told[:1].upper() + told[1:] + ("." if told else "")


def _title(session: Session) -> str:
    return _bare(session.goal) or session.tag


def _best(session: Session) -> str:
    metric = _code(session.metric or "metric")
    if session.best is None or session.baseline is None:
        return f"{metric} has not been measured yet."
    noise = f"; σ is {session.sigma:.2g}, and less than {2 * session.sigma:.2g} is noise" if session.sigma else ""
    if session.best == session.baseline and not session.kept:
        return f"{metric} stands at **{number(session.best)}**, as the code was: nothing was kept{noise}."
    delta = session.best - session.baseline
    gain = f", {abs(delta) / session.sigma:.1f} σ" if session.sigma else ""
    return f"{metric}: **{number(session.baseline)} → {number(session.best)}** ({change(delta)}{gain}){noise}."


def _price(row: Spend) -> str:
    price = "an unknown price" if row.dollars is None else f"{row.dollars:.2f} dollars"
    read = row.tokens_in + row.tokens_cache_read + row.tokens_cache_written
    tokens = f"{read:,} tokens read, {row.tokens_out:,} written"
    return f"- {_bare(row.model or row.proposer)}: {count(row.calls, 'call')}, {tokens}, {price}"


def _kept(portrait: Portrait) -> Iterator[str]:
    row = portrait.experiment
    yield f"### #{row.number} {_quote(row.idea, IDEA)}"
    yield ""
    commit = _code((row.commit or "")[:10])
    runs = count(len(portrait.runs), "run")
    yield f"{_measured(row)}, by {_bare(row.model or row.proposer)}, {runs}, commit {commit}."
    if row.hypothesis:
        yield ""
        yield f"Why it should work: {_quote(row.hypothesis, 400)}"
    yield ""
    yield from _fenced(portrait.diff)
    yield ""


def _measured(row: Experiment) -> str:
    against = "" if row.delta is None else f" ({change(row.delta)} against {number(row.incumbent)}"
    gain = "" if row.gain_sigma is None or not against else f", {row.gain_sigma:+.1f} σ"
    return f"{number(row.metric)}{against}{gain}{')' if against else ''}"


def _fenced(diff: str) -> list[str]:
    """The diff as a code block, whose fence is longer than any that is in it."""
    longest = max((len(found) for found in re.findall("`+", diff)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}diff", plain(diff).rstrip("\n"), fence]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def _numbers(runs: Sequence[Run]) -> str:
    numbers: Mapping[int, None] = dict.fromkeys(run.experiment for run in runs)
    shown = ", ".join(f"#{number}" for number in list(numbers)[:6])
    return f"{shown} …" if len(numbers) > 6 else shown


def _quote(text: str, most: int) -> str:
    """One line in quotation marks that holds no markup, emphasis included."""
    return _EMPHASIS.sub(r"\\\g<0>", quoting.quote(text, most))


def _bare(text: str) -> str:
    return _quote(text, IDEA)[1:-1]


def _code(word: str) -> str:
    return f"`{plain(word).replace('`', '')}`" if word else "–"


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written)
