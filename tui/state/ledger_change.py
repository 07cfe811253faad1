"""Keeps the user's experiments when another ledger takes the place of the one on the screen. Pure.

A long journal is first shown by a preview of its end, whose rows have other indexes than those of the whole journal.
"""

from msgspec.structs import replace

from tui.model.view import View
from tui.state.ui import Ui


def follow_ledger(ui: Ui, before: View, after: View) -> Ui:
    """The screen with the same experiments under its cursor and its marks; those that the new ledger lacks are dropped."""
    if before.ledger is after.ledger or not before.experiment_count:
        return ui

    def moved(row: int | None) -> int | None:
        if row is None or row >= before.experiment_count:
            return None
        return after.find(before.ledger.session[row], before.ledger.number[row])

    marks = frozenset(row for row in map(moved, ui.marks) if row is not None)
    return replace(ui, cursor=moved(ui.cursor), experiment=moved(ui.experiment), marks=marks)
