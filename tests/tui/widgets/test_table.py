import pytest
from msgspec.structs import replace

from tui.state.ui import DisplayOptions, Ui
from tui.widgets.table import COLUMNS

GAIN = next(column for column in COLUMNS if column.key == "gain")


@pytest.mark.parametrize(
    ("status", "gain", "role"),
    [("keep", 1.2, "good"), ("discard", 1.2, "dim"), ("discard", 2.4, ""), ("discard", -1.2, "dim")],
)
def test_a_kept_gain_is_never_dimmed_as_noise(painter, status, gain, role):
    row = replace(painter.live.view.row(painter.row(8)), status=status, gain=gain)

    assert GAIN.cell(row, painter.scene())[1] == role


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
def test_without_unicode_a_gain_reads_as_standard_deviations(painter, size):
    ui = Ui(screen="history", display=DisplayOptions(is_ascii=True))

    text = painter.text(ui, width=size[0], height=size[1])

    row = next(line for line in text.splitlines() if "cool down" in line)
    assert "+3.4sd cool down" in row
    assert "sd 0.0052" in text.splitlines()[1 - (size[1] < 20)]
    assert "+3.4s " not in text
