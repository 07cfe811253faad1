"""What no program can prevent: kill -9, a power cut, a full disk."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from histories import proposed
from kills import kills

from journal.errors import JournalFull
from journal.store import Journal, Reader
from journal.verify.checks import verify

KILLS = int(os.environ.get("AR_KILLS", "15"))  # 200 and 1,000 are for `python tests/journal/kills.py`
CUTS = int(os.environ.get("AR_CUTS", "40"))  # 300 and more are for `python tests/journal/power.py`

FILLING = """
import os, sys
sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
from histories import proposed
from journal.errors import JournalFull
from journal.store import Journal
from journal.verify.checks import verify

journal = Journal(Path("journal.db"))
journal.acquire()
ballast = Path("ballast")
ballast.write_bytes(b"x" * 100_000)
acknowledged = 0
try:
    while True:
        acknowledged = journal.append("s", [proposed(1, "halve the batch" * 50)])[0].position
except JournalFull as error:
    print(error)
assert journal.head()[0] == acknowledged > 0
assert verify(journal).findings == []
ballast.unlink()
journal.append("s", [proposed(1, "swap in GeLU")])
assert verify(journal).findings == []
print("went on")
"""


def test_kill_9_loses_no_acknowledged_event_and_leaves_no_gap():
    faults, _ = kills(KILLS, seed=os.getpid())

    assert faults == []


def test_a_power_cut_loses_no_acknowledged_event():
    power = pytest.importorskip("power", exc_type=ImportError)

    assert power.cuts(CUTS, seed=os.getpid()) == []


def test_a_durable_step_takes_those_before_it_to_the_disk():
    power = pytest.importorskip("power", exc_type=ImportError)

    assert power.cuts(CUTS // 2, seed=os.getpid(), riding=3) == []


def test_the_power_cuts_would_notice_commits_that_are_not_synced():
    power = pytest.importorskip("power", exc_type=ImportError)

    assert power.cuts(40, seed=1, synchronous="NORMAL")


def test_a_full_disk_is_one_sentence_and_the_journal_continues_later(journal):
    journal.append("s", [proposed(1, "halve the batch")])
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(JournalFull, match=r"is full: free some space and start again; no event is lost"):
        journal.append("s", [proposed(1, "halve the batch" * 1_000)])

    assert journal.head()[0] == 1
    assert verify(Reader(journal.path)).findings == []
    journal._db.execute("PRAGMA max_page_count = 1000000")
    assert journal.append("s", [proposed(1, "swap in GeLU")])[0].position == 2


def test_a_full_disk_in_mid_append_harms_nothing(tmp_path):
    script = FILLING.format(tests=str(Path(__file__).parents[1]), root=str(Path.cwd()))
    small = f'mount -t tmpfs -o size=700k none "{tmp_path}" && cd "{tmp_path}" && exec "{sys.executable}" -c "$SCRIPT"'
    possible = shutil.which("unshare") and subprocess.run(
        ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs none "{tmp_path}"'], check=False, capture_output=True
    )
    if not possible or possible.returncode:
        pytest.skip("no private mounts here")

    result = subprocess.run(
        ["unshare", "-rm", "sh", "-c", small],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"SCRIPT": script},
    )

    assert result.stderr == ""
    assert result.stdout.splitlines()[0].startswith("The disk of journal.db is full: free some space")
    assert result.stdout.splitlines()[1] == "went on"


def test_a_read_only_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(Exception, match=r"cannot be opened for writing: .*file"):
        Journal(tmp_path / "file" / "journal.db")
