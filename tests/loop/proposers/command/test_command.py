"""`proposer: command` with real agents: shell lines in a real copy of a real repository."""

import contextlib
import json
import os
import re
import subprocess
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from scripted_session import ScriptedSession

from journal.events import IdeaRefused, experiment_stream
from journal.events.recorded import Sample
from journal.store import Journal
from loop.errors import ProposerFailure, Stopped
from loop.proposers.command.agent_run import CommandSettings, WatchedRepository
from loop.proposers.command.proposer import CommandClock, CommandProposer
from loop.workspace import Workspace

TRAIN = "LR = 0.04\nBATCH = 16\n"
HALVE = "sed -i s/16/8/ train.py"
KEY = "key sk-ant-api03-abcdefghijklmnopqrst"
SMALLER = {"train.py": "LR = 0.04\nBATCH = 8\n"}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("repository")
    (root / "train.py").write_text(TRAIN)
    (root / "evaluate.py").write_text("# the judge\n")
    (root / "nets").mkdir()
    (root / "nets" / "small.py").write_text("WIDTH = 64\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "begin"], check=True)
    return Workspace(root)


@pytest.fixture
def desk(tmp_path, repository, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Desk(tmp_path, repository)


class Desk:
    """`desk(line)` is a proposer that runs the line, `desk.request()` what it is asked."""

    def __init__(self, folder: Path, repository: Workspace) -> None:
        self.folder, self.repository = folder, repository
        self.night = ScriptedSession({"train.py": TRAIN, "nets/small.py": "WIDTH = 64\n"})
        self.touched = []
        self.now = 1000.0

    def __call__(self, line: str, *, is_cancelled=lambda: False, journal=None, **keys) -> CommandProposer:
        settings = CommandSettings(line=line, scope=("train.py", "nets/*.py"), **{"deadline": 20.0, **keys})
        return CommandProposer(
            lambda: settings,
            repository=WatchedRepository(workspace=self.repository, own=(self.folder,)),
            folder=self.folder,
            journal=journal,
            is_cancelled=is_cancelled,
            report=self.touched.append,
            clock=CommandClock(monotonic=lambda: self.now),
        )

    def agents(self):
        """The folders of agents that are left."""
        return list((self.folder / "cache" / "ar-loop" / "agents").glob("*/*"))

    def request(self, **more):
        output = {"brief": "Be bold.", "memory": "σ = 0.005", "parent": self.repository.head()}
        return msgspec.structs.replace(self.night.request(1), **{**output, **more})

    def failure(self, line: str, **keys) -> ProposerFailure:
        with pytest.raises(ProposerFailure) as caught:
            self(line, **keys).propose(self.request())
        return caught.value

    def kept(self, name="nov20/1-1.json"):
        return json.loads((self.folder / "prompts" / name).read_text())


def test_what_the_agent_changed_in_scope_is_the_proposal(desk):
    proposal = desk(HALVE).propose(desk.request())

    assert proposal.files == {"train.py": "LR = 0.04\nBATCH = 8\n"}
    assert proposal.idea == "edit train.py (+1 -1 lines)"
    assert (proposal.proposer, proposal.kind) == ("command", "other")
    assert proposal.usage.dollars is None
    assert proposal.usage.calls == 1


def test_a_new_file_that_the_scope_allows_is_part_of_the_proposal(desk):
    proposal = desk(f"{HALVE}; echo WIDTH = 128 > nets/wide.py").propose(desk.request())

    assert proposal.files == {"train.py": "LR = 0.04\nBATCH = 8\n", "nets/wide.py": "WIDTH = 128\n"}


def test_the_agent_says_of_its_change_what_it_likes(desk):
    description = {
        "idea": "halve the\nbatch",
        "kind": "knob",
        "expected_delta": "-0.01",
        "retry_of": 3,
        "dollars": 0.2,
        "more": 1,
    }
    proposal = desk(f"{HALVE}; printf %s '{json.dumps(description)}' > proposal.json").propose(desk.request())

    assert (proposal.idea, proposal.kind) == ("halve the batch", "knob")
    assert (proposal.expected_delta, proposal.retry_of, proposal.usage.dollars) == (-0.01, 3, 0.2)
    assert list(proposal.files) == ["train.py"]


def test_the_agent_reads_the_task_the_brief_and_the_memory_beside_the_files(desk):
    line = f"{HALVE}; cat .proposal/task.md .proposal/brief.md .proposal/memory.md"
    proposal = desk(line).propose(desk.request())

    kept = desk.kept(proposal.prompt_key)
    assert "Files in scope: train.py, nets/*.py" in kept["output"]
    assert kept["output"].endswith("Be bold.\nσ = 0.005")
    assert kept["told"]["task.md"] in kept["output"]


def test_the_agent_finds_what_earlier_experiments_left_and_the_notes(desk, tmp_path):
    desk.night.discarded(1, "halve the batch", SMALLER, diff="-BATCH = 16\n+BATCH = 8\n")
    desk.night.crashed(2, "a gated unit", SMALLER, kind="crash", error="NameError", trace=f"line 31: {KEY}")
    journal = desk.night.write(tmp_path / "journal.db")
    points = [
        Sample(session="nov20", experiment=1, run=1, step=step, seconds=step / 10, loss=2.0) for step in range(1000)
    ]
    with closing(Journal(journal)) as writer:
        writer.acquire()
        writer.append(experiment_stream("nov20", 1), [desk.night.run(1)])
        writer.add_samples(points)
    line = f"cd .proposal; cat notes.md; ls tried; cat tried/1.patch tried/2.trace tried/curves.tsv; cd ..; {HALVE}"

    proposal = desk(line, journal=journal).propose(desk.request(experiment=3, notes="Muon helps."))

    output = desk.kept(proposal.prompt_key)["output"]
    assert output.startswith("Muon helps.")
    assert "1.patch\n2.patch\n2.trace\ncurves.tsv" in output
    assert "-BATCH = 16\n+BATCH = 8" in output
    assert "crash: NameError\n\nline 31: key [key]" in output
    assert output.splitlines()[-1] == "1\t1\t999\t99.9\t\t2\t"
    assert len(output.splitlines()) < 40


def test_a_journal_that_cannot_be_read_costs_an_agent_its_history_and_no_proposal(desk, tmp_path):
    (tmp_path / "journal.db").write_text("no journal")

    proposal = desk(HALVE, journal=tmp_path / "journal.db").propose(desk.request(experiment=3))

    assert proposal.files["train.py"].endswith("BATCH = 8\n")


def test_after_a_refusal_the_agent_is_told_the_reason(desk):
    desk.night.refused(1, "halve the batch", {"train.py": "LR = 0.04\nBATCH = 8\n"})
    refusal = IdeaRefused(session="nov20", experiment=1, attempt=1, rule="same value", reason="Tried in experiment 7.")

    proposal = desk("cat .proposal/task.md; sed -i s/0.04/0.02/ train.py").propose(
        desk.request(refusals=[refusal], attempt=2)
    )

    output = desk.kept(proposal.prompt_key)["output"]
    assert '"halve the batch" was refused (same value): Tried in experiment 7.' in output
    assert proposal.prompt_key == "nov20/1-2.json"


def test_after_a_failure_the_agent_is_told_what_was_wrong(desk):
    agent = desk("cat .proposal/task.md; test -e done || true")
    with pytest.raises(ProposerFailure):
        agent.propose(desk.request())
    with pytest.raises(ProposerFailure):
        agent.propose(desk.request(attempt=2))

    assert "Your last proposal failed: It changed no file in scope." in desk.kept("nov20/1-2.json")["output"]


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("true", "no_edit", "changed no file"),
        ("touch train.py", "no_edit", "changed no file"),
        (f"{HALVE}; echo win >> evaluate.py", "out_of_scope", "evaluate.py"),
        (f"{HALVE}; rm evaluate.py", "out_of_scope", "evaluate.py"),
        (f"{HALVE}; echo 1 > helper.py", "out_of_scope", "helper.py"),
        (f"{HALVE}; touch a1 a2 a3 a4 a5 a6 a7", "out_of_scope", "a5 and 2 more"),
        ("rm nets/small.py", "deleted", "nets/small.py"),
        ("ln -sf /etc/passwd train.py", "not_text", "plain file"),
        ("rm train.py; mkfifo train.py", "not_text", "plain file"),
        ("head -c 2000000 /dev/zero > train.py", "not_text", "1,000,000 bytes"),
        ("printf '\\377' > train.py", "not_text", "UTF-8"),
        ("rm -r nets; ln -s / nets", "out_of_scope", "nets"),
        (f"{HALVE}; echo I give up; exit 3", "exit", "I give up"),
        (f"{HALVE}; kill -9 $$", "exit", "signal 9"),
        ("no-such-agent --now", "not_found", "no-such-agent"),
        ("no-such-agent --now; exit 127", "not_found", "127"),
    ],
)  # fmt: skip
def test_an_end_without_a_usable_difference_is_a_failure_of_its_kind(desk, line, kind, words):
    failure = desk.failure(line)

    assert failure.kind == kind
    assert words in str(failure)
    assert failure.usage.seconds > 0
    assert desk.kept()["failed"] == {"kind": kind, "reason": str(failure)}


@pytest.mark.parametrize(("line", "kind"), [("sleep 60", "silent"), ("echo thinking; sleep 60", "timeout")])
def test_an_agent_that_does_not_end_is_ended(desk, line, kind):
    failure = desk.failure(line, deadline=0.3)

    assert failure.kind == kind
    assert failure.usage.seconds < 15


def test_what_tools_leave_behind_is_not_part_of_the_proposal(desk):
    line = f"{HALVE}; mkdir -p __pycache__ .cache; touch __pycache__/a.pyc .cache/b agent.log"

    assert list(desk(line).propose(desk.request()).files) == ["train.py"]


def test_a_child_that_outlives_the_agent_is_ended_before_its_copy_is_read(desk, tmp_path):
    mark = tmp_path / "alive"
    line = f"setsid sh -c 'sleep 1; echo BATCH = 1 > train.py; touch {mark}' & {HALVE}"

    proposal = desk(line).propose(desk.request())

    assert proposal.files["train.py"] == "LR = 0.04\nBATCH = 8\n"
    assert not _living(str(mark))


def _living(word: str) -> list[str]:
    return [line for line in map(_command_line, Path("/proc").glob("[0-9]*")) if word in line]


def _command_line(process: Path) -> str:
    with contextlib.suppress(OSError):
        return (process / "cmdline").read_bytes().decode(errors="replace")
    return ""


def test_the_copy_is_gone_afterwards_also_where_the_agent_closed_its_folders(desk):
    desk(f"{HALVE}; mkdir -p .deep/er; chmod 000 .deep/er .deep").propose(desk.request())

    assert desk.agents() == []


def test_the_agent_sees_the_variables_that_the_brief_names_and_no_other_key(desk, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-the-loops-own-key")
    monkeypatch.setenv("MY_AGENT_KEY", "the-agents-own-key")
    proposal = desk(f"{HALVE}; env; echo $MY_AGENT_KEY | wc -c", variables=("MY_AGENT_KEY",)).propose(desk.request())

    output = desk.kept(proposal.prompt_key)["output"]
    assert "ANTHROPIC_API_KEY" not in output
    assert "MY_AGENT_KEY=[key]" in output
    assert output.rstrip().endswith("19")
    assert f"HOME={os.environ['HOME']}\n" not in output


def test_a_key_in_the_last_words_of_an_agent_does_not_reach_the_journal(desk, monkeypatch):
    monkeypatch.setenv("MY_AGENT_KEY", "the-agents-own-key")

    failure = desk.failure("echo bad key $MY_AGENT_KEY; exit 1", variables=("MY_AGENT_KEY",))

    assert str(failure) == "It failed with exit code 1. Its last output: bad key [key]"


def test_wild_numbers_and_endless_words_of_an_agent_are_not_taken_over(desk):
    description = json.dumps({"idea": "x" * 5_000, "expected_delta": "nan", "dollars": -1})
    proposal = desk(f"{HALVE}; printf %s '{description}' > proposal.json").propose(desk.request())

    assert len(proposal.idea) == 200
    assert (proposal.expected_delta, proposal.usage.dollars) == (None, None)


def test_much_output_is_cut_and_the_end_is_kept(desk):
    proposal = desk(f"{HALVE}; yes thinking | head -c 3000000; echo and done").propose(desk.request())

    output = desk.kept(proposal.prompt_key)["output"]
    assert len(output) <= 32_000
    assert output.endswith("and done\n")


def test_a_person_who_ends_the_loop_does_not_wait_for_the_agent(desk):
    began = time.monotonic()

    with pytest.raises(Stopped):
        desk("sleep 60", is_cancelled=lambda: time.monotonic() > began + 0.2).propose(desk.request())

    assert time.monotonic() < began + 15


def test_the_script_of_the_documentation_proposes(desk, tmp_path):
    guide = Path(__file__).parents[4] / "docs" / "proposers.md"
    (script,) = re.findall(r"```python\n(.*?)```", guide.read_text(), re.DOTALL)
    (tmp_path / "propose.py").write_text(script)

    proposal = desk(f"python {tmp_path / 'propose.py'}").propose(desk.request())

    assert proposal.idea.startswith("LR 0.04 to 0.0")
    assert (proposal.kind, proposal.usage.dollars) == ("knob", 0)
