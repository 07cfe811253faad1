import base64

import pytest

from tui.app import saved_queries
from tui.app.saved_queries import SavedQueries
from tui.terminal.clipboard import SEQUENCE_BYTES, copy_file, osc52_sequence, write_file


def test_a_copied_text_is_one_sequence_for_the_terminal():
    assert (
        osc52_sequence("σ = 0.0052", environ={})
        == "\x1b]52;c;" + base64.b64encode("σ = 0.0052".encode()).decode() + "\x07"
    )


def test_in_tmux_it_is_sent_bare_and_wrapped():
    sent = osc52_sequence("x", environ={"TMUX": "/tmp/tmux-0/default,1,0"})

    assert sent.startswith("\x1b]52;c;eA==\x07\x1bPtmux;\x1b\x1b]52;c;eA==\x07")
    assert sent.endswith("\x1b\\")


def test_a_text_too_long_for_terminals_is_not_sent():
    assert osc52_sequence("x" * SEQUENCE_BYTES, environ={}) is not None
    assert osc52_sequence("x" * (SEQUENCE_BYTES + 1), environ={}) is None


def test_copied_text_cannot_carry_a_sequence_of_its_own():
    assert osc52_sequence("\x1b[2J\x07", environ={}).count("\x1b") == 1


def test_the_file_is_for_this_user_alone_and_follows_no_link(tmp_path):
    file = copy_file({"XDG_RUNTIME_DIR": str(tmp_path)})
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    file.symlink_to(victim)

    write_file(file, "copied \udc80")

    assert (victim.read_text(), file.read_text(), file.is_symlink()) == ("untouched", "copied ?", False)
    assert file.stat().st_mode & 0o777 == 0o600


def test_queries_are_kept_and_read_again(tmp_path):
    file = tmp_path / "deep" / "tui.json"
    kept = SavedQueries(saved=(("one", "SELECT 1"),), history=("SELECT 1", "SELECT 2"))

    saved_queries.write(file, kept)

    assert saved_queries.read(file) == kept


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"saved": 3, "history": []}', "\x00\xff"])
def test_a_file_that_is_not_ours_is_as_none(tmp_path, text):
    (tmp_path / "tui.json").write_text(text, encoding="utf-8")

    assert saved_queries.read(tmp_path / "tui.json") == SavedQueries()


def test_only_a_plain_file_is_ever_replaced(tmp_path):
    (tmp_path / "tui.json").mkdir()

    saved_queries.write(tmp_path / "tui.json", SavedQueries(history=("SELECT 1",)))

    assert (tmp_path / "tui.json").is_dir()
    assert list(tmp_path.iterdir()) == [tmp_path / "tui.json"]


def test_a_place_that_cannot_be_written_costs_nothing():
    saved_queries.write(
        saved_queries.default_file({"XDG_STATE_HOME": "/proc/none"}), SavedQueries(history=("SELECT 1",))
    )
