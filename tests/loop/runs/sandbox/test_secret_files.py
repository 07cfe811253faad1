"""The files of a repository that a sandboxed evaluator does not see."""

from loop.runs.sandbox import secret_files as module
from loop.runs.sandbox.secret_files import secret_files


def make(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def test_files_of_keys_are_found_at_any_depth_and_others_are_not(tmp_path):
    make(tmp_path, ".env", "deploy/prod.env", "a/b/.pgpass", "train.py", "data/tokens.bin", ".env.example")

    assert secret_files(tmp_path) == [tmp_path / ".env", tmp_path / "a/b/.pgpass", tmp_path / "deploy/prod.env"]


def test_environments_git_and_links_are_left_out(tmp_path):
    make(tmp_path, ".venv/pyvenv.cfg", ".venv/lib/cacert.pem", ".git/x.key", "node_modules/a/x.pem", "elsewhere")
    (tmp_path / "link.pem").symlink_to(tmp_path / "elsewhere")

    assert secret_files(tmp_path) == []


def test_the_walk_is_bounded(tmp_path, monkeypatch):
    make(tmp_path, ".env", "a/b/c/.env")
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)

    assert secret_files(tmp_path) == [tmp_path / ".env"]
