"""Which proposer a brief gets, and nights of the real loop with each."""

import dataclasses
import subprocess
from pathlib import Path

import pytest
from messages_server import MessagesServer, calls, proposes, says, status

from journal.events import IdeaProposed, ProposerFailed
from journal.store import Journal
from loop.brief.config import Config
from loop.errors import BadInput, RunRefused
from loop.proposers.choice import ProposerChoice, choose_proposer, has_key
from loop.session import bootstrap, main_loop
from loop.setup import preflight
from loop.setup.project import read_project

KEY = {"ANTHROPIC_API_KEY": "sk-ant-api03-a-key"}
NO_SANDBOX = "bubblewrap is not installed: `sudo apt-get install -y bubblewrap`"
TRAIN = "LR = 0.04\nBATCH = 16\nprint(f'loss: {LR + BATCH / 100}')\n"
BRIEF = """---
goal: a lower loss
metric: loss
direction: minimize
scope: train.py
train: python train.py
budget: 5s
baseline_runs: 1
reruns: 0
sandbox: none
"""


def config(**keys):
    return Config(goal="less", metric="loss", direction="minimize", **keys)


def chosen(environment, *, unsafe=None, **keys):
    return choose_proposer(
        config(**keys), environment=environment, home=Path("/nowhere"), sandbox_problem=lambda: unsafe
    )


@pytest.mark.parametrize(
    ("environment", "keys", "unsafe", "name", "words"),
    [
        (KEY, {}, None, "claude", ""),
        ({}, {}, None, "sampler", "no key for Claude"),
        (KEY, {}, NO_SANDBOX, "sampler", "install -y bubblewrap"),
        (KEY, {"sandbox": "none"}, NO_SANDBOX, "claude", ""),
        (KEY, {"proposer": "sampler"}, NO_SANDBOX, "sampler", ""),
        (KEY, {"proposer": "claude"}, None, "claude", ""),
        ({}, {"proposer": "command", "command": "x"}, None, "command", ""),
        ({}, {"proposer": "command", "command": "x", "sandbox": "none"}, NO_SANDBOX, "command", ""),
    ],
)
def test_the_best_proposer_that_may_run_here_is_chosen_and_says_why(environment, keys, unsafe, name, words):
    choice = chosen(environment, unsafe=unsafe, **keys)

    assert isinstance(choice, ProposerChoice)
    assert choice.name == name
    assert words in choice.reason
    assert bool(words) == bool(choice.reason)


def test_claude_by_name_without_a_key_is_bad_input():
    with pytest.raises(BadInput, match="set ANTHROPIC_API_KEY"):
        chosen({}, proposer="claude")


@pytest.mark.parametrize("keys", [{"proposer": "claude"}, {"proposer": "command", "command": "x"}])
def test_code_by_a_model_is_refused_without_a_sandbox_with_the_line_that_installs_it(keys):
    with pytest.raises(RunRefused, match=r"sudo apt-get install -y bubblewrap.*`sandbox: none`"):
        chosen(KEY, unsafe=NO_SANDBOX, **keys)


@pytest.mark.parametrize(
    "environment",
    [
        KEY,
        {"ANTHROPIC_AUTH_TOKEN": "t"},
        {"ANTHROPIC_PROFILE": "work"},
        {"ANTHROPIC_FEDERATION_RULE_ID": "r", "ANTHROPIC_ORGANIZATION_ID": "o", "ANTHROPIC_IDENTITY_TOKEN_FILE": "f"},
    ],
)
def test_the_variables_that_hold_credentials_are_known(environment, tmp_path):
    assert has_key(environment, home=tmp_path)
    assert not has_key({}, home=tmp_path)


def test_a_profile_on_disk_is_a_key_too(tmp_path):
    (tmp_path / ".config/anthropic/configs").mkdir(parents=True)
    (tmp_path / ".config/anthropic/configs/default.json").write_text("{}")

    assert has_key({}, home=tmp_path)


class Watching:
    def step(self, training, step) -> None:
        """Nobody looks."""


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "train.py").write_text(TRAIN)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "begin"], check=True)
    return tmp_path


def night(root, keys, *, experiments):
    """Run the real loop; the events of the proposers, in order."""
    (root / "program.md").write_text(f"{BRIEF}{keys}\n---\nBe bold.\n")
    journal = Journal(root.with_suffix(".db"))
    setting = dataclasses.replace(read_project(root), journal=journal.path, store=lambda _: journal)
    preflight.check(setting)
    ctx = bootstrap.assemble(setting, tag="night", display=Watching())
    try:
        main_loop.run(ctx, experiments=experiments)
        histories = [ctx.journal.history(number) for number in range(1, experiments + 1)]
    finally:
        journal.close()
    events = [recorded.event for history in histories for recorded in history]
    return [event for event in events if isinstance(event, IdeaProposed | ProposerFailed)]


def test_a_night_with_claude_goes_on_through_tools_mended_edits_refusals_and_an_empty_purse(repository, monkeypatch):
    halve = {"path": "train.py", "old": "BATCH = 16", "new": "BATCH = 8"}
    acts = [
        calls("sql", query="SELECT number, metric FROM experiments"),
        proposes(idea="halve the batch", edits=[{**halve, "old": "BATCH = 17"}]),
        proposes(idea="halve the batch", edits=[halve]),
        says("", stop="refusal", details={"type": "refusal", "category": "frontier_llm", "explanation": ""}),
        status(402, "billing_error", "Your credit is used up."),
    ]
    with MessagesServer(acts) as server:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY["ANTHROPIC_API_KEY"])
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        first, refused, filled, broke, filled_too = night(repository, "proposer: auto\nahead: false", experiments=3)

    assert (first.proposer, first.idea, first.usage.calls, first.prompt_key) == (
        "claude",
        "halve the batch",
        3,
        "night/1-1.json",
    )
    assert (refused.kind, refused.usage.tokens_out) == ("refusal", 300)
    assert (broke.kind, broke.usage.calls) == ("billing", 1)
    assert [filled.proposer, filled_too.proposer] == ["sampler", "sampler"]
    assert '["number","metric"]\n[0,0.2]' in server.bodies[1]["messages"][-1]["content"][0]["content"]


def test_a_night_with_a_command_takes_its_edits_and_lets_the_sampler_fill_in(repository):
    first, idle, filled = night(
        repository, "proposer: command\ncommand: sed -i s/16/8/ train.py\nahead: false", experiments=2
    )

    assert (first.proposer, first.idea) == ("command", "edit train.py (+1 -1 lines)")
    assert (idle.proposer, idle.kind) == ("command", "no_edit")
    assert filled.proposer == "sampler"


def test_a_command_that_cannot_be_found_is_told_before_anything_is_written(repository):
    with pytest.raises(BadInput, match="no program `no-such-agent`"):
        night(repository, "proposer: command\ncommand: no-such-agent", experiments=1)

    assert not (repository / ".ar").exists()
