"""What was tried of each knob, on which base, and what it gained: one line per knob. Pure."""

from collections.abc import Iterable

from journal.projections.knobs import Knobs, KnobTrial
from journal.projections.sessions import Session

KNOBS, VALUES = 60, 8  # lines, and values on a line
LONGEST = 24  # characters of a value


def ledger(knobs: Knobs, session: Session) -> list[str]:
    """Lines such as `- MATRIX_LR: 0.045:-1.2@b10 0.05:+2.6@b12`: σ gained, and the base's experiment; latest knobs last."""
    by_knob: dict[str, list[KnobTrial]] = {}
    for row in knobs.of_session(session.tag):
        if row.status != "refused":
            by_knob.setdefault(row.knob, []).append(row)
    latest = sorted(by_knob.items(), key=lambda entry: entry[1][-1].experiment)
    lines = [f"- {_plain(name)}: {_values(rows)}" for name, rows in latest[-KNOBS:]]
    left = len(latest) - len(lines)
    return [f"- ({left} knobs tried earlier left out)", *lines] if left else lines


def _values(rows: list[KnobTrial]) -> str:
    shown = [
        f"{_plain(row.value) or 'gone'}:{_gain(row)}{_base(row)}{'' if row.alone else '&'}" for row in rows[-VALUES:]
    ]
    return " ".join([f"({len(rows) - VALUES} earlier)", *shown] if len(rows) > VALUES else shown)


def _gain(row: KnobTrial) -> str:
    if row.status in ("crash", "open", "invalid"):
        return {"crash": "x", "open": "?", "invalid": "!"}[row.status]
    gain = "" if row.gain_sigma is None else f"{row.gain_sigma:+.1f}"
    return f"{gain}K" if row.status == "keep" else gain or "-"


def _base(row: KnobTrial) -> str:
    return "" if row.parent_experiment is None else f"@b{row.parent_experiment}"


def _plain(source: str) -> str:
    """A literal or a name without anything that could be read as markup."""
    kept = "".join(sign for sign in source if sign.isalnum() or sign in "_.-+*:/()[], '")
    return "".join(kept.split())[:LONGEST] if len(kept) <= 200 else "…"


def untouched(names: Iterable[str], knobs: Knobs, session: str) -> list[str]:
    """The knobs that no experiment of a session has moved."""
    moved = {row.knob for row in knobs.of_session(session) if row.status != "refused"}
    return [name for name in names if name not in moved]
