"""`ar-loop init --agents`: what it writes for coding agents, what it leaves alone, and that its commands work."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from toys import BRIEF, Project

from loop.errors import BadInput
from loop.setup.init.agent_files import AGENTS_FILE, BEGIN, END, SKILL_FILE, with_block

BLOCKS = re.compile(r"```sh\n(.*?)```", re.DOTALL)
BIN = Path(sys.executable).parent


def skill_blocks(project: Project) -> list[str]:
    return BLOCKS.findall((project.root / SKILL_FILE).read_text())


def shell(project: Project, script: str) -> subprocess.CompletedProcess:
    """What a coding agent types, with the first failing command ending it."""
    names = {
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "a@b.c",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "a@b.c",
    }
    environment = os.environ | names | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-ec", script],
        cwd=project.root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_skill_and_a_short_paragraph_are_written_and_named(project):
    done = project.loop("init", "--agents", "--json")

    skill, agents = project.root / SKILL_FILE, project.root / AGENTS_FILE
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"path": str(skill), "action": "written"},
        {"path": str(agents), "action": "written"},
    ]
    head = yaml.safe_load(skill.read_text().split("---\n")[1])
    assert head["name"] == "ar-loop"
    assert len(head["description"]) < 1_024  # the limit of a skill's description
    assert len(agents.read_text().splitlines()) <= 30
    assert project.brief.read_text() == BRIEF


def test_the_commands_and_the_five_queries_of_the_skill_work_as_written(tmp_path):
    project = Project(tmp_path / "toy")
    project.git("rm", "-q", "program.md")
    project.commit("no brief yet")
    project.loop("init", "--agents")
    session, queries = skill_blocks(project)

    ran = shell(project, session.replace("--experiments 8", "--experiments 2"))  # as written, but for the time
    asked = shell(project, queries)

    assert ran.returncode == 0, ran.stderr
    assert "## " in ran.stdout  # the report
    assert asked.returncode == 0, asked.stderr
    assert len(queries.splitlines()) == 5
    results = list(documents(json.JSONDecoder(), asked.stdout.strip()))
    assert len(results) == 5
    assert {row["status"] for row in results[4]} >= {"keep"}


def documents(decoder: json.JSONDecoder, text: str):
    """The JSON documents of a text, one after the other."""
    while text:
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:].lstrip()


def test_the_text_of_the_person_stays_byte_for_byte(project):
    agents = project.root / AGENTS_FILE
    agents.write_bytes(b"# Our rules\r\n\r\nNo tabs.\r\n")

    project.loop("init", "--agents")
    first = agents.read_bytes()
    agents.write_bytes(first + b"And no spaces.\r\n")
    again = project.loop("init", "--agents")

    assert first.startswith(b"# Our rules\r\n\r\nNo tabs.\r\n\r\n")
    assert b"\n" not in first.replace(b"\r\n", b"")
    assert agents.read_bytes() == first + b"And no spaces.\r\n"
    assert again.stderr.splitlines()[:2] == [f"unchanged: {project.root / SKILL_FILE}", f"unchanged: {agents}"]


def test_an_older_block_is_replaced_where_it_stands():
    text = with_block(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new\n", name="AGENTS.md")

    assert text == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


@pytest.mark.parametrize("text", [f"{BEGIN}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{BEGIN}\n{END}\n"])
def test_markers_that_do_not_pair_are_refused(text):
    with pytest.raises(BadInput, match=r"AGENTS.md: the lines of ar-loop must begin with one"):
        with_block(text, "new", name="AGENTS.md")


def test_a_skill_of_the_persons_own_is_left_alone_and_nothing_else_is_written(project):
    skill = project.root / SKILL_FILE
    skill.parent.mkdir(parents=True)
    skill.write_text("my own skill\n")

    done = project.loop("init", "--agents")

    assert (done.returncode, skill.read_text()) == (2, "my own skill\n")
    assert "exists and is not of ar-loop: move it away first." in done.stderr
    assert not (project.root / AGENTS_FILE).exists()


@pytest.mark.parametrize("name", [".claude", "AGENTS.md"])
def test_nothing_is_written_through_a_link_out_of_the_repository(project, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (project.root / name).symlink_to(outside / "there")

    done = project.loop("init", "--agents")

    assert done.returncode == 2
    assert "is a link out of the repository" in done.stderr
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_one_sentence(project, content):
    path = project.root / AGENTS_FILE
    path.mkdir() if content is None else path.write_bytes(content)

    done = project.loop("init", "--agents")

    assert done.returncode == 2
    assert re.fullmatch(r"error: .*AGENTS\.md cannot be used: .*\.\n", done.stderr)


def test_the_options_of_a_brief_do_not_go_with_it(project):
    done = project.loop("init", "--agents", "--goal", "lower the loss")

    assert done.returncode == 2
    assert "`--agents` writes no brief" in done.stderr
    assert not (project.root / AGENTS_FILE).exists()
