"""What the loop writes is its owner's alone, or a group's if the folder says so."""

import os
import stat
import tempfile
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest
import sqlite_utils.migrations  # noqa: F401 - before a user takes over who cannot read where it lies
from histories import TAG

from journal.events import PauseRequested
from journal.permissions import create_file, is_shared, make_folder, open_file
from journal.store import Journal
from journal.store.intents import post

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for two users")
TEAM, ADA, EVE = 61_000, 61_001, 61_002


def modes(folder):
    """Name -> permissions of everything in a folder."""
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in sorted(folder.iterdir())}


@pytest.fixture
def wide_open():
    before = os.umask(0)
    yield
    os.umask(before)


def opened(folder):
    with closing(Journal(folder / "journal.db")) as journal:
        journal.acquire()
        return modes(folder)


@pytest.mark.usefixtures("wide_open")
def test_a_new_journal_is_its_owner_s_alone_whatever_the_umask(tmp_path):
    found = opened(tmp_path / ".ar")

    assert set(found) == {"journal.db", "journal.db-shm", "journal.db-wal", "journal.lock", "journal.wake"}
    assert set(found.values()) == {"0o600"}
    assert modes(tmp_path) == {".ar": "0o700"}


@pytest.mark.usefixtures("wide_open")
def test_control_a_file_made_without_a_mode_would_be_everybody_s(tmp_path):
    (tmp_path / "plain").touch()

    assert modes(tmp_path) == {"plain": "0o666"}


def test_an_older_folder_that_others_could_read_is_closed(tmp_path):
    (tmp_path / ".ar").mkdir(mode=0o755)

    opened(tmp_path / ".ar")

    assert modes(tmp_path) == {".ar": "0o700"}


def test_a_folder_of_another_name_is_left_as_it_is(tmp_path):
    (tmp_path / "mine").mkdir(mode=0o755)

    opened(tmp_path / "mine")

    assert modes(tmp_path) == {"mine": "0o755"}


def test_a_folder_with_the_group_s_bit_is_shared_with_its_group(tmp_path):
    shared = tmp_path / ".ar"
    shared.mkdir()
    shared.chmod(0o2770)

    assert set(opened(shared).values()) == {"0o660"}
    assert modes(tmp_path) == {".ar": "0o2770"}


def test_a_bit_that_is_only_inherited_shares_nothing(tmp_path):
    parent = tmp_path / "team"
    parent.mkdir()
    parent.chmod(0o2755)

    assert set(opened(parent / ".ar").values()) == {"0o600"}
    assert not is_shared(parent / ".ar")


def test_folders_and_files_within_a_shared_folder_are_shared(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)

    make_folder(shared / "runs" / "one")
    os.close(open_file(shared / "runs" / "one" / "log", os.O_WRONLY | os.O_CREAT))
    create_file(shared / "runs" / "two")

    assert modes(shared) == {"runs": "0o2770"}
    assert modes(shared / "runs") == {"one": "0o2770", "two": "0o660"}
    assert modes(shared / "runs" / "one") == {"log": "0o660"}


def test_a_file_that_exists_keeps_its_mode_and_content(tmp_path):
    (tmp_path / "log").write_text("before")
    (tmp_path / "log").chmod(0o644)

    create_file(tmp_path / "log")
    os.close(open_file(tmp_path / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND))

    assert (tmp_path / "log").read_text() == "before"
    assert modes(tmp_path) == {"log": "0o644"}


def as_user(user, group, action):
    """What an action gives, in a process of another user; the text of its error if it fails."""
    processes = get_context("fork")  # the interpreter itself may lie where another user cannot start it
    answer, question = processes.Pipe(duplex=False)

    def act():
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
        os.umask(0o077)
        try:
            question.send(action())
        except Exception as error:  # noqa: BLE001 - the parent looks at it
            question.send(f"{type(error).__name__}: {error}")

    process = processes.Process(target=act)
    process.start()
    process.join()
    return answer.recv()


def request(path):
    """A person's request; returns its position."""
    return post(path, PauseRequested(session=TAG, author="x", channel="cli")).position


def start_and_request(path):
    Journal(path).close()
    return request(path)


@pytest.fixture
def place():
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@ROOT
def test_two_users_of_one_group_share_a_journal_and_a_third_does_not(place):
    shared = place / ".ar"
    shared.mkdir()
    os.chown(shared, ADA, TEAM)
    shared.chmod(0o2770)
    path = shared / "journal.db"

    first = as_user(ADA, TEAM, lambda: start_and_request(path))
    second = as_user(EVE, TEAM, lambda: request(path))
    stranger = as_user(EVE, EVE, lambda: request(path))

    assert (first, second) == (1, 2)
    assert "Permission denied" in stranger


@ROOT
def test_without_that_choice_a_second_user_cannot_even_look(place):
    own = place / "own"
    own.mkdir()
    os.chown(own, ADA, TEAM)
    path = own / ".ar" / "journal.db"

    first = as_user(ADA, TEAM, lambda: start_and_request(path))
    second = as_user(EVE, TEAM, lambda: request(path))
    lock = as_user(EVE, TEAM, lambda: os.open(path.with_suffix(".wake"), os.O_RDONLY))

    assert first == 1
    assert "Permission denied" in second
    assert "Permission denied" in lock
