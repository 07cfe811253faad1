"""The report of a session in Markdown: headline, kept changes with diffs, failures by cause, costs, next steps. Pure.

Ideas, reasons and diffs come from models and from training output: they are quoted, and a diff cannot end its fence.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from journal.console.local_time import recorded_time
from journal.console.text import strip_controls
from journal.projections.runs import Run
from journal.projections.sessions import Session
from journal.projections.spend import Spend
from journal.projections.state import State
from journal.reports import quoting
from journal.reports.calibration import calibration_lines
from journal.reports.experiment import ExperimentReport
from journal.reports.figures import format_change, format_delta, format_metric
from journal.reports.memory.block import NEAR_MISS
from journal.reports.memory.knob_ledger import unmoved_knobs
from journal.reports.narration import metric_with_gain, pluralize
from journal.reports.warnings import session_warnings

IDEA, REASON, WARNING = 110, 160, 400  # characters
FAILURES, MISSES, KNOBS = 12, 8, 30  # lines
_MARKUP = re.compile(r"[*~\[\]]|(?<!\w)_|_(?!\w)")
PLOT_MARK = "<!-- plot -->"  # an HTML page replaces it with the plot


def kept_numbers(state: State, session: str) -> list[int]:
    """The numbers of the kept experiments, in order, without the baseline."""
    rows = state.experiments.rows.values()
    return [row.number for row in rows if row.session == session and row.status == "keep" and row.number > 0]


def render_markdown(state: State, session: Session, kept: Sequence[ExperimentReport]) -> str:
    """The report of one session, with the reports of its `kept_numbers`."""
    report = _SessionReport(state, session)
    sections = (
        [f"# {_unmarked(session.goal) or session.tag}", "", *report.headline(), "", PLOT_MARK],
        _section("What was kept", [line for experiment in kept for line in _kept_lines(experiment)]),
        _section("What failed, by cause", report.failures()),
        _section("What it cost", report.costs()),
        _section("What to try next", report.next_steps()),
    )
    return "\n".join(line for lines in sections for line in lines).rstrip() + "\n"


class _SessionReport:
    """One session's rows as sections."""

    def __init__(self, state: State, session: Session) -> None:
        self._state = state
        self._session = session
        self._rows = state.experiments.of_session(session.tag)
        self._runs = state.runs.of_session(session.tag)

    def headline(self) -> list[str]:
        session, counts = self._session, self._session.counts
        tally = f"{session.kept} kept, {counts['discard']} discarded, {counts['crash']} crashed"
        tally += f", {counts['invalid']} invalid" if counts["invalid"] else ""
        tally += f"; the gate refused {pluralize(session.refusals, 'proposal')}" if session.refusals else ""
        device, reason = _unmarked(session.device), _quote(session.reason, REASON)
        session_line = f"Session {_code(session.tag)} on {device or 'no device'}, {self._hours():.1f} hours"
        state = f"{session.state}: {reason}" if session.reason else session.state
        trust = self._trust()
        return [
            _best(session),
            "",
            f"{pluralize(session.experiments, 'experiment')}: {tally}. {session_line}, {state}.",
            *(["", f"**Trust.** {trust}"] if trust else []),
            *(
                line
                for warning in session_warnings(session)
                for line in ("", f"**Warning.** {_unmarked(warning, WARNING)}.")
            ),
        ]

    def failures(self) -> list[str]:
        """One line for each error, the most frequent first."""
        causes: dict[tuple[str, str], list[Run]] = defaultdict(list)
        for run in self._runs:
            if run.failure:
                causes[run.failure, run.signature or run.reason].append(run)
        by_frequency = sorted(causes.items(), key=lambda cause: -len(cause[1]))
        lines = [
            f"- {len(runs)} × {kind}: {_quote(error, REASON)} ({_numbers(runs)})"
            for (kind, error), runs in by_frequency[:FAILURES]
        ]
        others = len(by_frequency) - FAILURES
        return [*lines, f"- and {others} other causes"] if others > 0 else lines

    def costs(self) -> list[str]:
        training, total = sum(run.train_seconds for run in self._runs), sum(run.wall_seconds for run in self._runs)
        hours = f"{training / 3600:.2f} hours of training, {total / 3600:.2f} with startup and evaluation"
        lines = [f"- {pluralize(len(self._runs), 'run')}: {hours}"]
        spends = (row for row in self._state.spend.rows.values() if row.session == self._session.tag and row.calls)
        lines.extend(map(_price, spends))
        return lines + [f"- {line}" for line in calibration_lines(self._rows, session=self._session.tag)]

    def next_steps(self) -> list[str]:
        """Directions in force, near misses, and knobs that no experiment has changed."""
        directions = [f"- Your direction: {_quote(text, REASON)}" for text in self._session.directions.values()]
        near = [row for row in self._rows if row.status == "discard" and (row.gain_sigma or 0.0) > NEAR_MISS]
        near.sort(key=lambda row: -(row.gain_sigma or 0.0))
        misses = [
            f"- Near miss #{row.number}: {_quote(row.idea, IDEA)}, {row.gain_sigma:+.1f} σ in {pluralize(row.runs, 'run')}"
            for row in near[:MISSES]
        ]
        names = unmoved_knobs(self._state.knobs, self._session.tag)[:KNOBS]
        return [*directions, *misses, *([f"- Never changed: {', '.join(map(_code, names))}"] if names else [])]

    def _hours(self) -> float:
        """From the session's start to its end, or to the end of its last run."""
        last = self._session.ended_at or max((run.finished_at or "" for run in self._runs), default="")
        if not last:
            return 0.0
        return (recorded_time(last) - recorded_time(self._session.started_at)).total_seconds() / 3600

    def _trust(self) -> str:
        reported = sum(run.trust == "self-reported" for run in self._runs)
        limited = sum(run.isolation == "limited" for run in self._runs)
        facts = (
            (reported, f"{pluralize(reported, 'metric')} came from the training script itself"),
            (limited, f"{pluralize(limited, 'run')} had limits but no sandbox"),
        )
        text = "; ".join(fact for number, fact in facts if number)
        return f"{text}." if text else ""


def _best(session: Session) -> str:
    metric = _code(session.metric or "metric")
    if session.best is None or session.baseline is None:
        return f"{metric} has not been measured yet."
    noise = f"; σ is {session.sigma:.2g}, and less than {2 * session.sigma:.2g} is noise" if session.sigma else ""
    if session.best == session.baseline and not session.kept:
        best = format_metric(session.best, session.sigma)
        return f"{metric} is **{best}**, as in the unchanged code: nothing was kept{noise}."
    delta = session.best - session.baseline
    gain = f", {abs(delta) / session.sigma:.1f} σ" if session.sigma else ""
    best = f"**{format_change(session.baseline, session.best, session.sigma)}**"
    return f"{metric}: {best} ({format_delta(delta)}{gain}){noise}."


def _price(row: Spend) -> str:
    price = "an unknown price" if row.dollars is None else f"{row.dollars:.2f} dollars"
    read = row.tokens_in + row.tokens_cache_read + row.tokens_cache_written
    tokens = f"{read:,} tokens read, {row.tokens_out:,} written"
    return f"- {_unmarked(row.model or row.proposer)}: {pluralize(row.calls, 'call')}, {tokens}, {price}"


def _kept_lines(report: ExperimentReport) -> Iterator[str]:
    row = report.experiment
    yield f"### #{row.number} {_quote(row.idea, IDEA)}"
    yield ""
    commit = _code((row.commit or "")[:10])
    runs = pluralize(len(report.runs), "run")
    yield f"{metric_with_gain(row)}, by {_unmarked(row.model or row.proposer)}, {runs}, commit {commit}."
    if row.hypothesis:
        yield ""
        yield f"Why it should work: {_quote(row.hypothesis, 400)}"
    yield ""
    yield from _fenced(report.diff)
    yield ""


def _fenced(diff: str) -> list[str]:
    """The diff as a code block, with a fence that is longer than any fence in the diff."""
    longest = max((len(ticks) for ticks in re.findall("`+", diff)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}diff", strip_controls(diff).rstrip("\n"), fence]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def _numbers(runs: Sequence[Run]) -> str:
    numbers: Mapping[int, None] = dict.fromkeys(run.experiment for run in runs)
    shown = ", ".join(f"#{number}" for number in list(numbers)[:6])
    return f"{shown} …" if len(numbers) > 6 else shown


def _quote(text: str, limit: int, *, marks: bool = True) -> str:
    """As `quoting.quote`, also without emphasis; a range such as [0.1..0.5] keeps its brackets."""
    return _MARKUP.sub(r"\\\g<0>", quoting.quote(text, limit, marks=marks, keeps_brackets=True))


def _unmarked(text: str, limit: int = IDEA) -> str:
    return _quote(text, limit, marks=False)


def _code(word: str) -> str:
    return f"`{strip_controls(word).replace('`', '')}`" if word else "–"
