"""A line per knob: the values that experiments tried, on which base, and their gains. Pure."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from journal.projections.knobs import Knobs, KnobTrial
from journal.reports.memory.throughput import SHOWN
from journal.reports.quoting import quote

NAME, VALUE = 48, 20  # characters
_ELEMENT = re.compile(r"\((\d+)\)")
SIGNS = {"crash": "x", "open": "?", "invalid": "!"}


NO_RATIOS: Mapping[int, float] = MappingProxyType({})


def knob_lines(
    knobs: Knobs, session: str, *, max_knobs: int, max_values: int, throughput: Mapping[int, float] = NO_RATIOS
) -> list[str]:
    """Lines such as `- MATRIX_LR 0.04: 0.045:-1.2@b0 0.05:+2.6K@b3`: the baseline's value, then value:gain in σ@base.

    The knobs tried last come last; a count says how many are omitted. `throughput` is relative to the base, by experiment.
    """
    rows = _accepted(knobs, session)
    start = {row.knob: row.value for row in rows if row.experiment == 0}
    tried: dict[str, list[KnobTrial]] = {}
    for row in rows:
        if row.experiment > 0:
            tried.setdefault(row.knob, []).append(row)
    latest = sorted(tried.items(), key=lambda entry: entry[1][-1].experiment)
    shown = latest[-max_knobs:]
    lines = [
        f"- {_name(name)} {_text(start.get(name, ''), VALUE)}: {_values(rows, max_values, throughput)}"
        for name, rows in shown
    ]
    omitted = len(latest) - len(shown)
    return [f"- ({omitted} knobs tried earlier are omitted)", *lines] if omitted else lines


def study_knob_lines(trials: Sequence[tuple[KnobTrial, bool]], *, max_knobs: int, max_values: int) -> list[str]:
    """Lines such as `- MATRIX_LR: 0.045:-1.2@b0/nov19 0.05:+2.6@b3/nov19*`; True marks a trial of another device class."""
    tried: dict[str, list[str]] = {}
    for row, is_elsewhere in trials:
        base = f"{_base(row) or '@b?'}/{_text(row.session, NAME)}{'*' * is_elsewhere}"
        tried.setdefault(row.knob, []).append(f"{_text(row.value, VALUE) or 'removed'}:{_gain(row)}{base}")
    latest = list(tried.items())[-max_knobs:] if max_knobs > 0 else []
    return [f"- {_name(name)}: {' '.join(values[-max_values:])}" for name, values in latest]


def unmoved_knobs(knobs: Knobs, session: str) -> list[str]:
    """The knobs of the baseline that no experiment has changed."""
    rows = _accepted(knobs, session)
    moved = {row.knob for row in rows if row.experiment > 0}
    return [
        _name(row.knob)
        for row in rows
        if row.experiment == 0 and row.knob not in moved and not row.knob.startswith("__")
    ]


def _accepted(knobs: Knobs, session: str) -> list[KnobTrial]:
    return [row for row in knobs.of_session(session) if row.status != "refused"]


def _name(knob: str) -> str:
    """The name of a knob as it can be typed: an element of a tuple is NAME[0]."""
    return _ELEMENT.sub(r"[\1]", _text(knob, NAME))


def _text(source: str, limit: int) -> str:
    """A name or value without `@`, which separates a gain from its base."""
    return quote(source, limit, marks=False).replace("@", "")


def _values(rows: list[KnobTrial], limit: int, throughput: Mapping[int, float]) -> str:
    shown = [
        f"{_text(row.value, VALUE) or 'removed'}:{_gain(row)}{_ratio(throughput.get(row.experiment, 1.0))}{_base(row)}"
        for row in rows[-limit:]
    ]
    return " ".join([f"({len(rows) - limit} earlier)", *shown] if len(rows) > limit else shown)


def _ratio(throughput: float) -> str:
    return f"×{throughput:.2f}" if abs(throughput - 1) >= SHOWN else ""


def _gain(row: KnobTrial) -> str:
    gain = SIGNS.get(row.status) or format_gain(row.gain_sigma, row.delta)
    return gain + ("K" if row.status == "keep" else "") + ("" if row.alone else "&")


def format_gain(sigmas: float | None, delta: float | None) -> str:
    """A gain in σ, or the delta without σ; from 100 σ on only its sign, because σ is then no useful unit."""
    if sigmas is None:
        return "-" if delta is None else f"Δ{delta:+.2g}"
    return f"{sigmas:+.1f}" if abs(sigmas) < 100 else (">+99" if sigmas > 0 else "<-99")


def _base(row: KnobTrial) -> str:
    return "" if row.parent_experiment is None else f"@b{row.parent_experiment}"
