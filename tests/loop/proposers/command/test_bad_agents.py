"""Whatever an agent does to its copy and its terminal ends in one failure of a kind, or in a proposal, and never ends the loop."""

import json
import time

import pytest
from test_command import HALVE, desk, repository  # noqa: F401  # fixtures
from toys import SCRIPTED, Project

from journal.events import ExperimentKept, IdeaProposed, ProposalDropped
from loop.errors import ProposerFailure
from loop.runs.sandbox import bubblewrap

needs_sandbox = pytest.mark.skipif(not bubblewrap.is_available(), reason="bubblewrap does not work here")
MODES = pytest.mark.parametrize("sandboxed", [pytest.param(True, marks=needs_sandbox), False])
ODD = "printf 'a\\377b'"  # a name that is no text


@MODES
@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("git mv train.py main.py", "out_of_scope", "main.py"),
        ("mv nets/small.py nets/tiny.py", "deleted", "nets/small.py"),
        ("chmod 755 train.py", "no_edit", "changed no file"),
        ("rm train.py; mkdir train.py; touch train.py/x", "out_of_scope", "train.py/x"),
        (f"{HALVE}; git init -q sub; touch sub/a; git -C sub add a; git -C sub -c user.name=x -c user.email=x@y commit -qm x", "out_of_scope", "sub/a"),
        (f"{HALVE}; head -c 400000000 /dev/zero > big.bin", "out_of_scope", "big.bin"),
        (f"{HALVE}; truncate -s 4T big.bin", "out_of_scope", "big.bin"),
        ("truncate -s 4T train.py", "not_text", "1,000,000 bytes"),
        ("printf 'LR = 1  # Gr\\366\\337e\\n' > train.py", "not_text", "UTF-8"),
        (f'{HALVE}; touch "$({ODD})"', "out_of_scope", "a\\xffb"),
        (f"{HALVE}; touch 'a\nb'", "out_of_scope", "a\\nb"),
        ("yes | head -c 300000000; sleep 60", "flood", "printed too much"),
        ("for i in $(seq 1200); do sleep 60 & done; wait", "processes", "used too much"),
    ],
)  # fmt: skip
def test_a_copy_without_a_usable_difference_is_a_failure_of_its_kind(desk, line, kind, words, sandboxed):  # noqa: F811
    failure = desk.failure(line, sandboxed=sandboxed, deadline=60.0)

    assert failure.kind == kind
    assert words in str(failure)
    json.dumps(str(failure)).encode()
    assert desk.agents() == []


@MODES
@pytest.mark.parametrize(
    "line",
    [
        "read answer < /dev/tty; read answer",
        "rm -rf .git",
        "rm -rf .git; echo nothing > .git",
        "rm -rf .git; ln -s / .git",
        "git checkout -q -b mine; git commit -qam mine; git tag v1; git gc -q",
        "mkdir proposal.json; touch proposal.json/x",
        "mkfifo proposal.json",
        "ln -s proposal.json proposal.json",
        "printf '\\377\\376{}' > proposal.json",
        "truncate -s 4T run.log",
        "printf '\\377\\376\\n'",
        "chmod -R 000 ../home ../tmp",
    ],
)  # fmt: skip
def test_the_edit_of_an_agent_counts_whatever_else_it_leaves(desk, line, sandboxed):  # noqa: F811
    proposal = desk(f"{HALVE}; {line}; true", sandboxed=sandboxed).propose(desk.request())

    assert proposal.files == {"train.py": "LR = 0.04\nBATCH = 8\n"}
    assert desk.agents() == []


def test_the_copy_that_was_replaced_by_a_link_is_not_followed(desk):  # noqa: F811
    failure = desk.failure("cd ..; rm -r tree; ln -s / tree", sandboxed=False)

    assert (failure.kind, "removed" in str(failure)) == ("no_edit", True)


def test_no_command_that_an_agent_put_into_its_copys_configuration_runs(desk, tmp_path):  # noqa: F811
    mark = tmp_path / "ran"
    (tmp_path / "hook").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (tmp_path / "hook").chmod(0o755)
    settings = "core.fsmonitor core.sshCommand filter.x.clean filter.x.smudge core.pager diff.external"
    line = f"for name in {settings}; do git config $name {tmp_path}/hook; done; echo '* filter=x' > .gitattributes"

    desk(f"{HALVE}; {line}", sandboxed=False).propose(desk.request())

    assert not mark.exists()


def test_control_the_same_configuration_runs_if_git_looks_at_the_copy(desk, tmp_path):  # noqa: F811
    mark = tmp_path / "ran"
    (tmp_path / "hook").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (tmp_path / "hook").chmod(0o755)

    desk(f"{HALVE}; git config core.fsmonitor {tmp_path}/hook; git status", sandboxed=False).propose(desk.request())

    assert mark.exists()


def test_after_a_failure_the_command_rests_and_says_why(desk):  # noqa: F811
    agent = desk("echo no route; exit 1")
    with pytest.raises(ProposerFailure) as first:
        agent.propose(desk.request())

    with pytest.raises(ProposerFailure) as second:
        agent.propose(desk.request(attempt=2))

    assert first.value.retry_after == 5.0
    assert (second.value.kind, second.value.usage.calls) == ("resting", 0)
    assert str(second.value).startswith(
        "The command rests for another 5 seconds after a failure: It failed with exit code 1."
    )
    desk.now += 5.0
    with pytest.raises(ProposerFailure, match="no route"):
        agent.propose(desk.request(attempt=3))


def test_a_hung_agent_does_not_cost_its_deadline_again_at_once(desk):  # noqa: F811
    agent = desk("sleep 60", deadline=0.3)
    with pytest.raises(ProposerFailure) as hung:
        agent.propose(desk.request())
    began = time.monotonic()

    with pytest.raises(ProposerFailure, match="rests for another"):
        agent.propose(desk.request(attempt=2))

    assert hung.value.kind == "silent"
    assert time.monotonic() - began < 60


def test_the_next_task_says_which_parts_of_the_note_could_not_be_read(desk):  # noqa: F811
    note = '{"idea": "halve", "kind": "magic", "expected_delta": NaN}'
    agent = desk(f"{HALVE}; cat .proposal/task.md; echo '{note}' > proposal.json")
    first = agent.propose(desk.request())

    agent.propose(desk.request(attempt=2))

    assert (first.idea, first.kind, first.expected_delta) == ("halve", "other", None)
    assert first.unread == ("`kind`: it is none of knob, architecture, optimizer, schedule, data, simplify, other",)
    assert "parts of its proposal.json could not be read: `kind`" in desk.kept("nov20/1-2.json")["output"]


@pytest.mark.parametrize(
    ("line", "cost"),
    [
        ("echo '{\"total_cost_usd\": 0.5}'; exit 1", (0.5, 1)),
        ("echo '{\"total_cost_usd\": 0.5}'", (0.5, 1)),
        ("echo '{\"total_cost_usd\": 0.5}'; sleep 60", (0.5, 1)),
        ("no-such-agent", (0.0, 1)),
        ("false", (None, 1)),
    ],
    ids=["exit code", "no edit", "deadline", "not found", "nothing known"],
)
def test_what_a_failed_call_cost_is_counted(desk, line, cost):  # noqa: F811
    usage = desk.failure(line, deadline=1.0).usage

    assert (usage.dollars, usage.calls) == cost


BAD = """from pathlib import Path
import os, sys
number = int(Path.cwd().parent.name.split("-")[0])
text = Path("train.py").read_text()
at = text.index("RATE = ")
Path("train.py").write_text(text[:at] + f"RATE = 0.{number * 4}" + text[text.index("  #", at):])
[None, lambda: os.mkdir("proposal.json"), lambda: os.mkfifo("proposal.json"), lambda: sys.exit(3)][number]()
"""


def test_a_session_goes_on_after_each_of_them_and_records_what_was_not_read(tmp_path):
    project = Project(tmp_path / "toy", brief=SCRIPTED)
    (project.root / "agent.py").write_text(BAD)
    project.commit("an agent")

    done = project.loop("run", "--tag", "night", "--experiments", "3")

    ideas = {event.experiment: event for event in project.of(IdeaProposed)}
    assert done.returncode == 0, done.stderr
    assert [ideas[number].proposer for number in (1, 2, 3)] == ["command", "command", "sampler"]
    assert ideas[1].unread == ("proposal.json: it cannot be opened as a plain file (Is a directory)",)
    assert ideas[2].unread == ("proposal.json: it is not a plain file",)
    assert [event.rule for event in project.of(ProposalDropped) if event.why == "failed"] == ["exit"]
    assert "not read of its note: proposal.json: it " in done.stderr
    assert project.of(ExperimentKept)[-1].experiment == 1
