"""Git by plumbing: the user's checkout does not change, planted code does not run, pinned commits survive."""

import os
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from toys import IDENTITY, TRAIN, Project

from loop.errors import BadInput, WorkspaceError
from loop.workspace import Workspace, check_tag

WHEN = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def workspace(project):
    return Workspace(project.root)


def attempt(workspace: Workspace, text: str = "RATE = 0.1\n", *, parent: str | None = None) -> str:
    return workspace.commit(parent or workspace.head(), {"train.py": text}, message="try\n", when=WHEN)


def a_session(workspace: Workspace, folder: Path) -> str:
    """All writes of a session to a repository."""
    base = workspace.head()
    workspace.move_branch("night", base, expected=None)
    tried = attempt(workspace)
    workspace.pin("night", 1, tried)
    workspace.export(tried, folder)
    workspace.move_branch("night", tried, expected=base)
    undone = workspace.revert(tried, onto=base, message="undo\n", when=WHEN)
    workspace.move_branch("night", undone, expected=tried)
    workspace.add_notes("night", {tried: "Metric: loss 0.1\n"}, when=WHEN)
    workspace.uncommitted(["train.py"])
    workspace.remove_stale_locks("night", patience=0)
    return tried


# --- the user's checkout does not change ---------------------------------------------------------------------------


def _clean(project: Project) -> Project:
    return project


def _dirty(project: Project) -> Project:
    (project.root / "train.py").write_text("edited = True\n")
    (project.root / "staged.py").write_text("staged = True\n")
    project.git("add", "staged.py")
    (project.root / "untracked.txt").write_text("mine\n")
    return project


def _detached(project: Project) -> Project:
    project.git("checkout", "-q", "--detach")
    return project


def _linked(project: Project) -> Project:
    project.git("worktree", "add", "-q", "-b", "side", str(project.root.with_name("side")))
    return _as(project, project.root.with_name("side"))


def _merging(project: Project) -> Project:
    project.git("checkout", "-q", "-b", "other")
    (project.root / "train.py").write_text("theirs\n")
    project.commit("theirs")
    project.git("checkout", "-q", "main")
    (project.root / "train.py").write_text("ours\n")
    project.commit("ours")
    subprocess.run(["git", *IDENTITY, "merge", "-q", "other"], cwd=project.root, check=False, capture_output=True)
    return project


def _locked(project: Project) -> Project:
    (project.root / ".git" / "index.lock").touch()
    (project.root / ".git" / "HEAD.lock").touch()
    return project


def _as(project: Project, root: Path) -> Project:
    other = Project.__new__(Project)
    other.root = root
    return other


@pytest.mark.parametrize("state", [_clean, _dirty, _detached, _linked, _merging, _locked])
def test_a_session_leaves_the_checkout_as_it_is(project, tmp_path, state):
    changed = state(project)
    before = changed.picture()

    a_session(Workspace(changed.root), tmp_path / "export")

    assert changed.picture() == before


@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_DIR": "/nonexistent"},
        {"GIT_WORK_TREE": "/tmp"},
        {"GIT_INDEX_FILE": "/nonexistent/index"},
        {"GIT_OBJECT_DIRECTORY": "/nonexistent"},
        {"GIT_NAMESPACE": "elsewhere"},
        {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare", "GIT_CONFIG_VALUE_0": "true"},
        {"GIT_CONFIG_PARAMETERS": "'core.bare=true'"},
        {"GIT_AUTHOR_NAME": "Mallory", "GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z", "GIT_COMMITTER_EMAIL": "m@m"},
        {"GIT_QUARANTINE_PATH": "/tmp"},
        {"GIT_COMMON_DIR": "/nonexistent"},
        {"GIT_EXTERNAL_DIFF": "false", "GIT_TRACE": "1"},
        {"GIT_DEFAULT_HASH": "sha256"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_git_variables_of_the_caller_change_nothing(project, workspace, variables):
    expected = attempt(workspace)

    script = (
        "from pathlib import Path; from datetime import datetime, UTC; from loop.workspace import Workspace; "
        f"w = Workspace(Path({str(project.root)!r})); "
        f"print(w.commit(w.head(), {{'train.py': 'RATE = 0.1\\n'}}, message='try\\n', when=datetime.fromisoformat({WHEN.isoformat()!r})))"
    )
    done = subprocess.run(
        [os.sys.executable, "-c", script], cwd=project.root, env={**os.environ, **variables}, check=False, capture_output=True, text=True
    )  # fmt: skip

    assert done.stdout.strip() == expected, done.stderr


# --- planted code does not run ------------------------------------------------------------------------------------


def test_code_planted_in_the_repository_does_not_run(project, tmp_path):
    trap = tmp_path / "sprung"
    bomb = tmp_path / "bomb"
    bomb.write_text(f"#!/bin/sh\necho $0 $@ >> {trap}\ncat\n")
    bomb.chmod(0o755)
    hooks = project.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "pre-commit",
        "post-commit",
        "reference-transaction",
        "post-checkout",
        "post-index-change",
        "post-rewrite",
        "update",
    ):
        (hooks / name).symlink_to(bomb)
    for key, value in {
        "core.fsmonitor": bomb, "core.hooksPath": hooks, "core.sshCommand": bomb, "core.pager": bomb, "core.editor": bomb,
        "diff.external": bomb, "filter.evil.clean": bomb, "filter.evil.smudge": bomb, "filter.evil.process": bomb,
        "diff.evil.textconv": bomb, "gpg.program": bomb, "commit.gpgsign": "true", "core.alternateRefsCommand": bomb,
        "extensions.partialClone": "origin", "remote.origin.url": f"ext::{bomb}", "remote.origin.promisor": "true",
        "credential.helper": bomb, "include.path": tmp_path / "more",
    }.items():  # fmt: skip
        project.git("config", key, str(value))
    (project.root / ".git" / "info").mkdir(exist_ok=True)
    (project.root / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    (project.root / ".gitattributes").write_text("* filter=evil diff=evil text eol=crlf ident\n")

    tried = a_session(Workspace(project.root), tmp_path / "export")

    assert not trap.exists()
    subprocess.run(["git", "status"], cwd=project.root, check=False, capture_output=True)
    assert trap.exists()  # the control: plain git runs it
    assert project.git("cat-file", "blob", f"{tried}:train.py") == "RATE = 0.1"
    assert (tmp_path / "export" / "train.py").read_bytes() == b"RATE = 0.1\n"


def test_attributes_of_the_tree_do_not_change_a_byte(tmp_path):
    project = Project(tmp_path / "toy")
    (project.root / ".gitattributes").write_text("* text eol=crlf ident export-subst\nsecret.py export-ignore\n")
    (project.root / "secret.py").write_text("$Id$ $Format:%H$\n")
    base = project.commit("attributes")

    Workspace(project.root).export(base, tmp_path / "export")

    assert (tmp_path / "export" / "secret.py").read_bytes() == b"$Id$ $Format:%H$\n"
    assert (tmp_path / "export" / "train.py").read_bytes() == TRAIN.encode()


# --- commits -------------------------------------------------------------------------------------------------------


def test_the_same_change_at_the_same_time_is_the_same_commit(project, workspace):
    once = attempt(workspace)
    project.git("config", "user.name", "Somebody Else")
    project.git("config", "i18n.commitEncoding", "latin-1")

    again = attempt(Workspace(project.root))

    assert again == once
    assert attempt(workspace, "RATE = 0.2\n") != once


def test_a_commit_changes_its_files_and_nothing_else(project, workspace):
    (project.root / "deep" / "er").mkdir(parents=True)
    (project.root / "deep" / "er" / "x.py").write_text("x\n")
    (project.root / "deep" / "y.py").write_text("y\n")
    (project.root / "run.sh").write_text("#!/bin/sh\n")
    (project.root / "run.sh").chmod(0o755)
    (project.root / "link").symlink_to("train.py")
    base = project.commit("more")

    files = {"deep/er/x.py": "new\n", "deep/other/z.py": "z\n", "run.sh": "#!/bin/sh\ntrue\n", "ü b.py": "ü\r\n"}
    tried = workspace.commit(base, files, message="try\n", when=WHEN)

    assert project.git("diff", "--name-status", base, tried).splitlines() == [
        "M\tdeep/er/x.py", "A\tdeep/other/z.py", "M\trun.sh", 'A\t"\\303\\274 b.py"',
    ]  # fmt: skip
    assert project.git("ls-tree", tried, "run.sh").startswith("100755")
    assert workspace.read(tried, files) == files
    assert project.git("fsck", "--strict", tried) == ""


def test_names_that_are_not_text_and_submodules_survive_a_commit(project, workspace):
    (Path(os.fsdecode(os.fsencode(project.root) + b"/caf\xe9.bin"))).write_bytes(b"\xff")
    project.commit("latin")
    project.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    project.git("commit", "-q", "-m", "module")

    tried = attempt(workspace)

    assert project.git("diff", "--name-only", "HEAD", tried) == "train.py"


def test_a_linked_worktree_has_its_own_head(project):
    side = _linked(project)
    (side.root / "train.py").write_text("side = 1\n")
    commit = side.commit("side")

    assert Workspace(side.root).head() == commit
    assert Workspace(project.root).head() != commit


def test_a_repository_is_found_from_a_folder_below_its_root(project):
    (project.root / "deep").mkdir()

    assert Workspace(project.root / "deep").root == project.root


def test_a_repository_of_long_hashes_works_as_well(tmp_path):
    root = tmp_path / "sha256"
    root.mkdir()
    subprocess.run(["git", "init", "-q", "--object-format=sha256"], cwd=root, check=True)
    project = Project(root)

    tried = a_session(Workspace(project.root), tmp_path / "export")

    assert len(tried) == 64


# --- refs ----------------------------------------------------------------------------------------------------------


def test_the_branch_moves_only_from_where_it_is_expected(project, workspace):
    base = workspace.head()
    tried = attempt(workspace)
    workspace.move_branch("night", base, expected=None)

    with pytest.raises(WorkspaceError, match=r"is at .* somebody moved it; undo that with `git update-ref refs/"):
        workspace.move_branch("night", tried, expected=tried[:-1] + "0")

    assert workspace.branch("night") == base


def test_a_branch_that_exists_already_is_not_taken_for_a_new_one(project, workspace):
    project.git("branch", "autoresearch/night")
    other = attempt(workspace)

    with pytest.raises(WorkspaceError, match="somebody moved it; undo that with `git update-ref -d refs/"):
        workspace.move_branch("night", other, expected=None)


def test_every_tried_commit_survives_the_collection_of_garbage(project, workspace):
    pinned = [attempt(workspace, f"RATE = {number}\n") for number in range(3)]
    lost = attempt(workspace, "RATE = 99\n")
    for number, commit in enumerate(pinned):
        workspace.pin("night", number, commit)

    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")

    assert workspace.tried_commits("night") == dict(enumerate(pinned))
    assert [workspace.exists(commit) for commit in [*pinned, lost]] == [True, True, True, False]


def test_the_lock_of_a_killed_git_is_removed_and_a_living_one_is_not(project, workspace):
    workspace.move_branch("night", workspace.head(), expected=None)
    stale = project.root / ".git" / "refs" / "heads" / "autoresearch" / "night.lock"
    foreign = stale.with_name("another.lock")
    stale.touch()
    foreign.touch()

    assert workspace.remove_stale_locks("night", patience=0) == ["night.lock"]
    assert foreign.exists()


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "config.lock", "packed-refs.lock"])
def test_locks_of_the_users_own_git_do_not_matter(project, workspace, tmp_path, lock):
    (project.root / ".git" / lock).touch()

    a_session(workspace, tmp_path / "export")

    assert (project.root / ".git" / lock).exists()


def test_a_branch_that_is_checked_out_is_found_and_not_moved(project, workspace):
    workspace.move_branch("night", workspace.head(), expected=None)
    nowhere = workspace.branch_checkout("night")

    project.git("worktree", "add", "-q", str(project.root.with_name("side")), "autoresearch/night")

    assert nowhere is None
    assert workspace.branch_checkout("night") == project.root.with_name("side")
    with pytest.raises(WorkspaceError, match=r"so the loop does not move it: .* \(`git -C \S+side switch --detach`\)"):
        workspace.move_branch("night", attempt(workspace), expected=workspace.head())


def test_a_note_is_one_that_git_reads_and_joins_those_before_it(project, workspace):
    base, tried = workspace.head(), attempt(workspace)
    workspace.add_notes("night", {base: "Metric: loss 0.2\n"}, when=WHEN)
    workspace.add_notes("night", {tried: "Metric: loss 0.1\n"}, when=WHEN)

    read = [project.git("notes", "--ref", "autoresearch/night", "show", commit) for commit in (base, tried)]

    assert read == ["Metric: loss 0.2", "Metric: loss 0.1"]
    assert workspace.commits_with_notes("night") == {base, tried}


# --- exports -------------------------------------------------------------------------------------------------------


def test_an_export_is_the_commits_files_without_git(project, workspace, tmp_path):
    (project.root / "run.sh").write_text("#!/bin/sh\n")
    (project.root / "run.sh").chmod(0o755)
    (project.root / "binary").write_bytes(bytes(range(256)))
    commit = project.commit("more")

    workspace.export(commit, tmp_path / "export")

    assert sorted(path.name for path in (tmp_path / "export").iterdir()) == [
        "binary",
        "program.md",
        "run.sh",
        "train.py",
    ]
    assert (tmp_path / "export" / "binary").read_bytes() == bytes(range(256))
    assert (tmp_path / "export" / "run.sh").stat().st_mode & stat.S_IXUSR


def test_links_that_lead_out_of_the_tree_are_left_out(project, workspace, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (project.root / "a" / "b").mkdir(parents=True)
    links = {
        "inside": "train.py", "a/b/up": "../../train.py", "dangling": "nowhere",
        "absolute": "/etc/passwd", "above": "../secret", "a/b/root": "../..", "chained": "a/b/root/../secret",
    }  # fmt: skip
    for name, target in links.items():
        (project.root / name).symlink_to(target)
    commit = project.commit("links")

    workspace.export(commit, tmp_path / "export")

    found = sorted(
        str(path.relative_to(tmp_path / "export")) for path in (tmp_path / "export").rglob("*") if path.is_symlink()
    )
    assert found == ["a/b/root", "a/b/up", "dangling", "inside"]


# --- bad input -----------------------------------------------------------------------------------------------------


def test_a_folder_outside_any_repository_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match=r"not in a git repository: run `git init`"):
        Workspace(tmp_path)


def test_a_bare_repository_is_bad_input(tmp_path):
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path)], check=True)

    with pytest.raises(BadInput, match="is a bare repository"):
        Workspace(tmp_path)


def test_a_repository_without_commits_is_bad_input(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    with pytest.raises(BadInput, match="has no commit yet"):
        Workspace(tmp_path).head()


def test_a_file_that_is_not_text_cannot_be_in_scope(project, workspace):
    (project.root / "train.py").write_bytes(b"\xff")
    commit = project.commit("binary")

    with pytest.raises(WorkspaceError, match="not UTF-8"):
        workspace.read(commit, ["train.py"])


def test_a_missing_object_is_named(project, workspace):
    blob = workspace.tree(workspace.head())["train.py"].sha
    (project.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    with pytest.raises(WorkspaceError, match=r"git fsck"):
        workspace.read(workspace.head(), ["train.py"])


@pytest.mark.parametrize("tag", ["", "-x", ".x", "a b", "a/b", "a..b", "x.lock", "x.", "a~b", "ü", "x" * 65])
def test_a_tag_that_cannot_name_a_branch_is_bad_input(tag):
    with pytest.raises(BadInput, match="cannot name a branch"):
        check_tag(tag)
