"""What was tried of each knob, on which base, and what it gained: one line per knob. Pure."""

from journal.projections.knobs import Knobs, KnobTrial
from journal.reports.quoting import plain

VALUE = 20  # characters
SIGNS = {"crash": "x", "open": "?", "invalid": "!"}


def ledger(knobs: Knobs, session: str, *, knobs_shown: int, values: int) -> list[str]:
    """Lines such as `- MATRIX_LR 0.04: 0.045:-1.2@b0 0.05:+2.6K@b3`: the baseline's value, then σ gained @ base.

    The knobs tried last come last; what is left out is counted.
    """
    rows = [row for row in knobs.of_session(session) if row.status != "refused"]
    start = {row.knob: row.value for row in rows if row.experiment == 0}
    tried: dict[str, list[KnobTrial]] = {}
    for row in rows:
        if row.experiment > 0:
            tried.setdefault(row.knob, []).append(row)
    latest = sorted(tried.items(), key=lambda entry: entry[1][-1].experiment)
    shown = latest[-knobs_shown:]
    lines = [f"- {plain(name)} {plain(start.get(name, ''), VALUE)}: {_values(rows, values)}" for name, rows in shown]
    left = len(latest) - len(shown)
    return [f"- ({left} knobs tried earlier left out)", *lines] if left else lines


def untouched(knobs: Knobs, session: str) -> list[str]:
    """The knobs of the baseline that no experiment has moved."""
    rows = [row for row in knobs.of_session(session) if row.status != "refused"]
    moved = {row.knob for row in rows if row.experiment > 0}
    return [plain(row.knob) for row in rows if row.experiment == 0 and row.knob not in moved]


def _values(rows: list[KnobTrial], most: int) -> str:
    shown = [f"{plain(row.value, VALUE) or 'gone'}:{_gain(row)}{_base(row)}" for row in rows[-most:]]
    return " ".join([f"({len(rows) - most} earlier)", *shown] if len(rows) > most else shown)


def _gain(row: KnobTrial) -> str:
    gain = SIGNS.get(row.status) or gained(row.gain_sigma, row.delta)
    return gain + ("K" if row.status == "keep" else "") + ("" if row.alone else "&")


def gained(sigmas: float | None, delta: float | None) -> str:
    """A gain in σ; beyond a hundred only which way, for σ is then no measure of it; without σ the delta itself."""
    if sigmas is None:
        return "-" if delta is None else f"Δ{delta:+.2g}"
    return f"{sigmas:+.1f}" if abs(sigmas) < 100 else (">+99" if sigmas > 0 else "<-99")


def _base(row: KnobTrial) -> str:
    return "" if row.parent_experiment is None else f"@b{row.parent_experiment}"
