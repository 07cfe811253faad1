import sessions

from journal.events import experiment_stream
from journal.store import Journal
from tui.feed import failure_search
from tui.feed.failure_search import FailureSearch
from tui.screens.failures import paint
from tui.state.ui import Ui
from tui.terminal.frame import Frame


def crashed(path, count):
    journal = Journal(path, clock=sessions.Clock())
    journal.acquire()
    journal.restore(
        sessions.rows_of(
            [
                ("session/nov20", [sessions.started()]),
                (experiment_stream(sessions.TAG, 0), sessions.baseline()),
                *(
                    (
                        experiment_stream(sessions.TAG, number),
                        sessions.experiment(number, sessions.IDEAS[4], best=1.5, parent=0),
                    )
                    for number in range(1, count + 1)
                ),
            ]
        )
    )
    journal.close()


def test_a_search_that_finds_more_than_it_lists_says_how_many(tmp_path, monkeypatch):
    from painter import ScenePainter

    monkeypatch.setattr(failure_search, "MAX_HITS", 5)
    crashed(tmp_path / "journal.db", 12)
    painter = ScenePainter(tmp_path / "journal.db")

    found = FailureSearch(tmp_path / "journal.db").find(painter.live.view, "shape")
    text = painter.text(screen="failures", search="shape", width=100)

    assert (len(found.hits), found.count) == (5, 12)
    assert "5 of 12 results for shape" in text


def test_control_a_search_that_lists_all_says_one_number(painter):
    assert "2 results for shape" in painter.text(screen="failures", search="shape", width=100)


def test_a_hit_shows_its_idea(painter):
    frame = Frame(160, 30)

    paint(frame, painter.scene(Ui(screen="failures", search="shape")))

    lines = [line for line in frame.text().splitlines() if "«shape»" in line]
    assert ["depth 6 at the same width" in line or "context 512" in line for line in lines] == [True, True]
