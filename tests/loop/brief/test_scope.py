"""Paths, globs and folders in scope, and the paths that never are."""

from dataclasses import dataclass

import pytest

from loop.brief.scope import Scope, matches
from loop.errors import BadInput


@dataclass(frozen=True)
class File:
    mode: str = "100644"


PLAIN = {name: File() for name in ("gpt/train.py", "gpt/data.py", "gpt/deep/layers.py", "conf/a.yaml", "README.md")}


def in_scope(patterns, tree, *, locked=()):
    return Scope(patterns=tuple(patterns), tree=tree, locked=tuple(locked)).files()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("gpt/train.py", ("gpt/train.py",)),
        ("gpt/*.py", ("gpt/data.py", "gpt/train.py")),
        ("gpt", ("gpt/data.py", "gpt/deep/layers.py", "gpt/train.py")),
        ("gpt/", ("gpt/data.py", "gpt/deep/layers.py", "gpt/train.py")),
        ("**/*.py", ("gpt/data.py", "gpt/deep/layers.py", "gpt/train.py")),
        ("gpt/**", ("gpt/data.py", "gpt/deep/layers.py", "gpt/train.py")),
        ("*.md", ("README.md",)),
        ("gpt/[!t]*.py", ("gpt/data.py",)),
        ("conf/?.yaml", ("conf/a.yaml",)),
    ],
)
def test_a_scope_is_paths_globs_and_folders(pattern, expected):
    assert in_scope([pattern], PLAIN) == expected


def test_a_locked_file_is_out_of_scope():
    assert in_scope(["gpt/*.py"], PLAIN, locked=["gpt/data.py"]) == ("gpt/train.py",)


@pytest.mark.parametrize(
    "pattern", ["/etc/passwd", "../other.py", "gpt/../../x", "~/x", ".git/config", "a//b", "", "gpt\\x"]
)
def test_a_pattern_that_leaves_the_repository_is_bad_input(pattern):
    with pytest.raises(BadInput, match="cannot be used"):
        Scope(patterns=(pattern,))


def test_a_scope_that_matches_nothing_is_bad_input():
    with pytest.raises(BadInput, match=r"gpt/tarin\.py.*no committed file matches"):
        in_scope(["gpt/tarin.py"], PLAIN)


def test_a_scope_that_is_a_symbolic_link_is_bad_input():
    with pytest.raises(BadInput, match="symbolic link"):
        in_scope(["train.py"], {"train.py": File("120000")})


@pytest.mark.parametrize("path", ["gpt/train.py", "gpt/new.py", "gpt/deep/new.py"])
def test_a_file_in_scope_may_be_written_or_created(path):
    assert Scope(patterns=("gpt/**",), tree=PLAIN).refusal(path) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("README.md", "not in scope"),
        ("gpt/../README.md", "not a plain path"),
        ("/gpt/train.py", "not a plain path"),
        ("gpt/.git/hooks/pre-commit", "belongs to git"),
        ("gpt/.GIT/config", "belongs to git"),
        ("gpt/link.py", "symbolic link"),
        ("gpt/away/secret.py", "symbolic link"),
        ("gpt/train.py/x.py", "not a folder"),
        ("gpt/sub/x.py", "not a folder"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path, reason):
    tree = {**PLAIN, "gpt/link.py": File("120000"), "gpt/away": File("120000"), "gpt/sub": File("160000")}

    assert reason in (Scope(patterns=("gpt/**",), tree=tree).refusal(path) or "")


def test_a_star_stays_in_its_folder_and_a_dot_is_a_dot():
    assert not matches("gpt/deep/layers.py", ["gpt/*.py"])
    assert not matches("gpt/trainxpy", ["gpt/train.py"])
