"""Documentation that fails: what the pages say is compared with what is there."""

import re
import subprocess
import sys
import tomllib
from itertools import zip_longest
from pathlib import Path

import pytest
import yaml
from tree import documented, folders, sentence, tree

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOR_CONTRIBUTORS = [ROOT / "CONTRIBUTING.md", ROOT / "AGENTS.md", ROOT / "docs" / "design.md"]
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "examples" / "README.md"})
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
ANCHOR = re.compile(r"\]\((?!https?:)([^)#]*)#([^)]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"^(ar-(?:loop|journal|tui)(?: [a-z]+)?)", re.MULTILINE)
NAMED = re.compile(r"`((?:journal|loop|tui|gpt|tests|docs|benchmarks|examples)/[\w./-]*)`")
TARGET = re.compile(r"\bmake ([a-z-]+)")
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
ACTION = re.compile(r"uses: (\S+)@")


def contracts() -> list[dict]:
    """The contracts of import-linter."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project["tool"]["importlinter"]["contracts"]


def layers(package: str) -> list[str]:
    """The layers of a package, the highest first."""
    return next(contract["layers"] for contract in contracts() if contract.get("containers") == [package])


def picture() -> str:
    """The layers of the packages side by side, as CONTRIBUTING.md has them."""
    columns = [[package, "-" * len(package), *layers(package)] for package in ("loop", "journal", "tui")]
    lines = [f"{left:30}{middle:30}{right}".rstrip() for left, middle, right in zip_longest(*columns, fillvalue="")]
    return "\n".join(lines)


def path_of(module: str) -> str:
    """Where a module or a package is: `loop.gate` -> loop/gate/."""
    path = module.replace(".", "/")
    return f"{path}.py" if (ROOT / f"{path}.py").exists() else f"{path}/"


def missing_paths(text: str) -> list[str]:
    """Paths that a page names in backticks and that do not exist."""
    return [path for path in NAMED.findall(text) if not (ROOT / path).exists()]


def missing_targets(text: str) -> set[str]:
    """Targets of make that a page names and the Makefile does not have."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(TARGET.findall(text)) - set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def hook(stage: str) -> str:
    """What the hook of a stage of git runs."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    return next(one["entry"] for one in hooks if stage in one["stages"])


# --- what is generated ---


def test_the_tree_in_the_readme_is_the_tree_on_the_disk() -> None:
    assert documented(README) == tree()


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_folder_of_the_packages_says_in_one_sentence_what_it_is_for(folder: Path) -> None:
    assert re.fullmatch(r"[A-Z`].{10,}\.", sentence(folder))


# --- what is named ---


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    links = ANCHOR.findall(page.read_text(encoding="utf-8"))

    assert [(link, anchor) for link, anchor in links if anchor not in anchors(page.parent / (link or page.name))] == []


@pytest.mark.parametrize("page", FOR_CONTRIBUTORS, ids=lambda page: page.name)
def test_every_path_that_contributors_are_sent_to_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert len(NAMED.findall(text)) > 10
    assert missing_paths(text) == []


def test_control_a_path_that_does_not_exist_is_found() -> None:
    assert missing_paths("`loop/keep_rule.py`, `loop/judge.py`, `loop/gate/`") == ["loop/judge.py"]


@pytest.mark.parametrize("page", [ROOT / "README.md", *FOR_CONTRIBUTORS], ids=lambda page: page.name)
def test_every_make_target_of_a_page_exists(page: Path) -> None:
    assert missing_targets(page.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("command", sorted(set(COMMAND.findall(README))))
def test_every_command_in_the_readme_answers_help(command: str) -> None:
    program, *rest = command.split()
    here = Path(sys.executable).parent / program
    done = subprocess.run([here, *rest, "--help"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_example_of_a_test_in_contributing_passes(tmp_path: Path) -> None:
    [code] = CODE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    (tmp_path / "test_example.py").write_text(code, encoding="utf-8")

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert "2 passed" in done.stdout, done.stdout


# --- what is claimed of the architecture ---


def test_the_layers_in_contributing_are_those_that_the_contracts_check() -> None:
    assert picture() in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("package", ["loop", "journal", "tui"])
def test_the_layers_in_the_design_are_those_that_the_contracts_check(package: str) -> None:
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")

    assert f"- `{package}`: {' → '.join(layers(package))}\n" in page


@pytest.mark.parametrize("page", ["AGENTS.md", "docs/design.md"])
def test_the_pure_folders_of_a_page_are_those_that_the_contract_checks(page: str) -> None:
    pure = next(contract["source_modules"] for contract in contracts() if contract["name"].startswith("Pure folders"))
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())

    assert ", ".join(f"`{path_of(module)}`" for module in pure) in text


# --- how long they are ---


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 170


def test_the_page_for_agents_is_short() -> None:
    assert len((ROOT / "AGENTS.md").read_text(encoding="utf-8").splitlines()) < 60


def test_all_pages_but_those_that_only_grow_are_short_together() -> None:
    read = [page for page in PAGES if page.name not in {"log.md", "CHANGELOG.md"}]

    assert sum(len(page.read_text(encoding="utf-8").splitlines()) for page in read) < 1900


# --- the checks that run by themselves ---


def test_the_workflow_runs_the_command_of_the_readme_with_standard_actions_alone() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["check"]["steps"]

    assert steps[-1] == {"run": "make check"}
    assert ACTION.findall(text) == ["actions/checkout", "actions/setup-python"]
    assert "://" not in text


@pytest.mark.parametrize(("stage", "command"), [("pre-commit", "make lint"), ("pre-push", "make check")])
def test_the_hooks_run_what_the_makefile_has(stage: str, command: str) -> None:
    assert hook(stage) == command
    assert missing_targets(command) == set()
