"""Documentation that fails: what the pages say is compared with what is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tree import documented, folders, sentence, tree

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "program.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
COMMAND = re.compile(r"^(ar-(?:loop|journal|tui)(?: [a-z]+)?)", re.MULTILINE)


def test_the_tree_in_the_readme_is_the_tree_on_the_disk() -> None:
    assert documented(README) == tree()


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_folder_of_the_packages_says_in_one_sentence_what_it_is_for(folder: Path) -> None:
    assert re.fullmatch(r"[A-Z`].{10,}\.", sentence(folder))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]

    assert missing == []


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 160


def test_all_pages_but_those_that_only_grow_are_short_together() -> None:
    read = [page for page in PAGES if page.name not in {"log.md", "CHANGELOG.md"}]

    assert sum(len(page.read_text(encoding="utf-8").splitlines()) for page in read) < 1500


@pytest.mark.parametrize("command", sorted(set(COMMAND.findall(README))))
def test_every_command_in_the_readme_answers_help(command: str) -> None:
    program, *rest = command.split()
    here = Path(sys.executable).parent / program
    done = subprocess.run([here, *rest, "--help"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)", README))

    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()
