"""A proposal that holds a key is refused, and nothing of it is recorded."""

import pytest
from scripted_session import ScriptedSession, proposal
from toys import BRIEF, TRAIN, Project

from journal.events import IdeaProposed, IdeaRefused
from loop.contracts import Rejected
from loop.gate.gate import check
from loop.gate.secrets import withhold

KEY = "lab-0123-correct-horse"
KNOWN = {"LAB_KEY": KEY}
FILES = {"train.py": "RATE = 0.5\nHOST = 'redis://:s3cretpass@cache:6379'\n"}


def answer(edits, **words):
    return check(proposal(edits, **words), ScriptedSession(FILES).request(1), scope=["*.py"], known_secrets=KNOWN)


@pytest.mark.parametrize(
    ("edits", "words", "reason"),
    [
        ({"train.py": f"RATE = 0.4  # {KEY}\n"}, {}, "train.py line 1 would hold the value of LAB_KEY"),
        ({"train.py": f"RATE = 0.4\nP = '{'glpat-' + 'Zk3vQ9xT1mB7nR5wL2cH'}'\n"}, {}, "train.py line 2 would hold a token of GitLab"),
        ({"train.py": "RATE = 0.4\n"}, {"idea": f"raise it with {KEY}"}, "Its `idea` holds the value of LAB_KEY"),
        ({"train.py": "RATE = 0.4\n"}, {"hypothesis": f"{KEY} helps"}, "Its `hypothesis` holds the value of LAB_KEY"),
        ({f"{KEY}.py": "x = 1\n"}, {}, "A path holds the value of LAB_KEY"),
    ],
)  # fmt: skip
def test_a_key_in_an_edit_or_in_words_is_refused_without_being_repeated(edits, words, reason):
    rejected = answer(edits, **words)

    assert isinstance(rejected, Rejected)
    assert rejected.rule == "secrets"
    assert rejected.reason.startswith(reason)
    assert KEY not in rejected.reason + str(rejected.change)


def test_control_a_secret_that_the_file_holds_already_is_not_the_proposals():
    assert not isinstance(answer({"train.py": FILES["train.py"].replace("0.5", "0.4")}), Rejected)


def test_what_is_recorded_of_such_a_proposal_holds_no_file_and_no_key():
    recorded = withhold(proposal({"train.py": KEY}, idea=f"use {KEY}", hypothesis="it is short"), KNOWN)

    assert (recorded.files, recorded.idea, recorded.hypothesis) == ({}, "use [key]", "it is short")


def test_a_key_that_an_agent_writes_reaches_neither_journal_nor_git_nor_brief(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_KEY", KEY)
    agent = (
        "import json, os\nfrom pathlib import Path\n"
        "Path('train.py').write_text(Path('train.py').read_text() + f\"print('{os.environ['LAB_KEY']}')\\n\")\n"
        "Path('proposal.json').write_text(json.dumps({'idea': 'print ' + os.environ['LAB_KEY']}))\n"
    )
    keys = "proposer: command\ncommand: python -I -S agent.py\ncommand_env: [LAB_KEY]\nahead: false"
    project = Project(tmp_path / "toy", brief=BRIEF.replace("proposer: sampler", keys))
    (project.root / "agent.py").write_text(agent)
    project.commit("an agent")

    done = project.loop("run", "--experiments", "1")

    assert done.returncode == 0, done.stderr
    assert {event.rule for event in project.of(IdeaRefused)} == {"secrets"}
    assert {event.diff for event in project.of(IdeaProposed) if event.proposer == "command"} == {""}
    assert not [path for path in _files(project.root) if KEY.encode() in path.read_bytes()]
    assert project.git("grep", "-c", "RATE", "autoresearch/" + project.status()["session"], "--", "train.py")


def test_control_the_agent_did_get_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_KEY", "0.25000")
    agent = f"import os\nopen('train.py', 'w').write({TRAIN!r}.replace('0.5', os.environ['LAB_KEY'][:4]))\n"
    keys = "proposer: command\ncommand: python -I -S agent.py\ncommand_env: [LAB_KEY]\nahead: false"
    project = Project(tmp_path / "toy", brief=BRIEF.replace("proposer: sampler", keys))
    (project.root / "agent.py").write_text(agent)
    project.commit("an agent")

    project.loop("run", "--experiments", "1")

    assert "RATE = 0.25" in next(event.diff for event in project.of(IdeaProposed) if event.proposer == "command")


def _files(root):
    return [path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and path.suffix != ".log"]
