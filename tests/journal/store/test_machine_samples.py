"""The telemetry of the machine in the journal: kept by time, thinned with age, outside the chain."""

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from journal.store import Journal, MachineSample, Reader
from journal.store.machine_samples import stamp
from journal.verify.checks import verify

START = datetime(2026, 11, 20, 21, 14, 3, tzinfo=UTC)


def sample(seconds, *, device="cpu", **facts):
    at = stamp(START + timedelta(seconds=seconds))
    return MachineSample(sampled_at=at, host="box", device=device, utilization=0.5, **facts)


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.db")
    yield journal
    journal.close()


def test_samples_come_back_in_order_after_a_time(journal):
    journal.add_machine_samples([sample(0), sample(0, device="gpu:0", temperature=71.0), sample(1)])

    assert [each.device for each in journal.machine_samples(after="")] == ["cpu", "gpu:0", "cpu"]
    assert journal.machine_samples(after=stamp(START)) == [sample(1)]


def test_what_is_older_than_an_hour_is_thinned_to_one_a_minute(journal):
    journal.add_machine_samples([sample(second) for second in range(600)])
    before = len(journal.machine_samples(after=""))

    journal.add_machine_samples([sample(5_000)])

    kept = [each.sampled_at[17:19] for each in journal.machine_samples(after="")]
    assert before == 600
    assert kept == ["00"] * 10 + ["23"]


def test_control_what_is_younger_stays(journal):
    journal.add_machine_samples([sample(second) for second in range(600)])

    journal.add_machine_samples([sample(3_000)])

    assert len(journal.machine_samples(after="")) == 601


def test_a_journal_with_them_verifies(journal, tmp_path):
    journal.add_machine_samples([sample(0)])

    report = verify(Reader(tmp_path / "journal.db"))

    assert report.findings == []


def test_a_journal_of_an_earlier_version_has_none_and_gets_the_table_at_its_next_writer(tmp_path):
    path = tmp_path / "journal.db"
    Journal(path).close()
    db = sqlite3.connect(path)
    db.execute("DROP TABLE machine_samples")
    db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm005_machine_samples'")
    db.execute("PRAGMA user_version = 4")
    db.commit()
    db.close()
    older = shutil.copy(path, tmp_path / "older.db")

    before = Reader(older).machine_samples(after="")
    writer = Journal(path)
    writer.add_machine_samples([sample(0)])
    after = writer.machine_samples(after="")
    writer.close()

    assert (before, after) == ([], [sample(0)])
    assert verify(Reader(path)).findings == []
