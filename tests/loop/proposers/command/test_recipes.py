"""Each recipe runs as it is written, with a program of that name in the place of the real one."""

import json
import shlex
from pathlib import Path

import msgspec
import pytest
import yaml
from scripted_session import ScriptedSession
from test_reported_cost import AIDER, CLAUDE, CODEX, GEMINI, OPENCODE
from toys import Project

from loop.brief.validation import build_config
from loop.errors import BadInput
from loop.llm.prices import brief_prices
from loop.proposers.command import recipes
from loop.proposers.command.agent_run import CommandSettings, WatchedRepository
from loop.proposers.command.proposer import CommandProposer
from loop.setup.init.text import front_matter
from loop.workspace import Workspace

TRAIN = "LR = 0.04\nBATCH = 16\n"
GUIDE = (Path(__file__).parents[4] / "docs" / "proposers.md").read_text(encoding="utf-8")
LLM = "Token usage: 1,000 input, 100 output"
MINI = "mini-swe-agent (step 1, $0.01):\nmini-swe-agent (step 2, $0.03):"
EDIT = "sed -i s/16/8/ train.py"
# What a stub writes: its arguments, one a line, and the variables that the loop must and must not give to it.
STUB = """#!/bin/sh
for word in "$@"; do printf 'ARGUMENT %s\\n' "$(printf %s "$word" | head -n 1)"; done >&2
echo "KEY $KEY_NAME OTHER ${{OTHER_SECRET:-none}} APART $(test "$HOME" != "$TMPDIR" && echo yes)" >&2
{act}
cat {output}
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OTHER_SECRET", "a-secret-of-the-person")
    return Lab(tmp_path, monkeypatch)


class Lab:
    """`lab.run("codex", prints=CODEX)` proposes by a recipe whose program prints this."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        self.project = Project(folder / "toy", train=TRAIN)

    def run(self, name: str, *, program: str, key: str, prints: str, act: str = EDIT, **settings):
        self.monkeypatch.setenv(key, "the-key")
        self._install(program, prints=prints, act=act, key=key)
        keys = recipes.brief_keys(name, scope=["train.py"], environment={key: "the-key"})
        config = build_config({"goal": "g", "metric": "m", "direction": "minimize", **keys}, place=str)
        workspace = Workspace(self.project.root)
        call = CommandSettings(
            line=config.command,
            scope=("train.py",),
            variables=config.command_env,
            deadline=30,
            sandboxed=False,
            **settings,
        )
        watched = WatchedRepository(workspace=workspace)
        proposer = CommandProposer(lambda: call, repository=watched, folder=self.folder / "ar")
        request = msgspec.structs.replace(ScriptedSession({"train.py": TRAIN}).request(1), parent=workspace.head())
        return proposer.propose(request)

    def output(self) -> str:
        return json.loads((self.folder / "ar" / "prompts" / "nov20" / "1-1.json").read_text())["output"]

    def _install(self, program: str, *, prints: str, act: str, key: str) -> None:
        path = self.folder / "bin" / program
        path.parent.mkdir()
        (self.folder / "output").write_text(prints + "\n")
        text = STUB.format(act=act, output=self.folder / "output").replace("$KEY_NAME", f"${key}")
        path.write_text(text)
        path.chmod(0o755)
        self.monkeypatch.setenv("VIRTUAL_ENV", str(self.folder))
        self.monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")


PRICES = brief_prices({"priced": [1.0, 10.0, 1.0, 0.1]})


@pytest.mark.parametrize(
    ("name", "stub", "flags", "dollars"),
    [
        (
            "claude-code",
            {"program": "claude", "key": "ANTHROPIC_API_KEY", "prints": CLAUDE},
            "--permission-mode acceptEdits",
            0.123375,
        ),
        (
            "claude-code",
            {"program": "claude", "key": "CLAUDE_CODE_OAUTH_TOKEN", "prints": CLAUDE},
            "--output-format json",
            0.123375,
        ),
        (
            "codex",
            {"program": "codex", "key": "CODEX_API_KEY", "prints": CODEX},
            "--sandbox danger-full-access --skip-git-repo-check",
            0.0039798,
        ),
        (
            "aider",
            {"program": "aider", "key": "OPENAI_API_KEY", "prints": AIDER},
            "--message-file .proposal/task.md --yes-always",
            0.03,
        ),
        (
            "opencode",
            {"program": "opencode", "key": "ANTHROPIC_API_KEY", "prints": OPENCODE},
            "run --format json --auto",
            0.5,
        ),
        (
            "gemini",
            {"program": "gemini", "key": "GEMINI_API_KEY", "prints": GEMINI},
            "--approval-mode auto_edit --skip-trust",
            None,
        ),
        (
            "mini-swe-agent",
            {"program": "mini", "key": "ANTHROPIC_API_KEY", "prints": MINI},
            "--yolo --exit-immediately --cost-limit 1",
            0.03,
        ),
    ],
)
def test_a_recipe_gives_the_program_its_flags_its_key_and_the_task_and_reads_its_cost(lab, name, stub, flags, dollars):
    proposal = lab.run(name, **stub, model="priced", prices=PRICES)

    arguments = [line.removeprefix("ARGUMENT ") for line in lab.output().splitlines() if line.startswith("ARGUMENT ")]
    assert proposal.files == {"train.py": "LR = 0.04\nBATCH = 8\n"}
    assert f" {flags} " in f" {' '.join(arguments)} "
    assert "KEY the-key OTHER none APART yes" in lab.output().replace("[key]", "the-key")
    assert proposal.usage.dollars == (None if dollars is None else pytest.approx(dollars))


def test_the_recipe_of_llm_takes_the_answer_as_the_new_file_and_prices_its_tokens(lab):
    act = f"cat > /dev/null; echo {shlex.quote(LLM)} >&2"
    prints = "LR = 0.02\nBATCH = 16"

    proposal = lab.run(
        "llm", program="llm", key="OPENAI_API_KEY", prints=prints, act=act, model="priced", prices=PRICES
    )

    assert proposal.files == {"train.py": "LR = 0.02\nBATCH = 16\n"}
    assert proposal.usage.dollars == pytest.approx(0.002)
    assert "ARGUMENT --extract" in lab.output()


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_the_page_of_proposers_has_each_recipe_as_init_writes_it(name):
    keys = recipes.brief_keys(name, scope=["train.py"], environment={})

    assert front_matter(keys).removeprefix("---\n").removesuffix("---\n") in GUIDE
    assert set(keys) <= set(recipes.KEYS)
    assert yaml.safe_load(front_matter(keys).strip("-\n"))["proposer"] == "command"


def test_the_credential_that_is_set_is_the_one_that_a_brief_names():
    usual, other = ({}, {"CLAUDE_CODE_OAUTH_TOKEN": "x"})

    assert recipes.brief_keys("claude-code", scope=["a.py"], environment=usual)["command_env"] == ["ANTHROPIC_API_KEY"]
    assert recipes.brief_keys("claude-code", scope=["a.py"], environment=other)["command_env"] == [*other]


@pytest.mark.parametrize(
    ("name", "scope", "message"),
    [
        ("cursor", ["a.py"], "--proposer cursor is unknown: write one of claude-code,"),
        ("llm", ["a.py", "b.py"], "one file"),
    ],
)
def test_a_proposer_that_no_recipe_fits_is_refused_in_one_sentence(name, scope, message):
    with pytest.raises(BadInput, match=message):
        recipes.brief_keys(name, scope=scope, environment={})


@pytest.mark.parametrize(("name", "line"), [("sampler", "proposer: sampler"), ("script", "command: python propose.py")])
def test_init_writes_the_proposer_into_the_brief(tmp_path, name, line):
    project = Project(tmp_path / "toy", train="print('loss: 1')\n")
    project.brief.unlink()
    (project.root / "propose.py").write_text("")
    project.commit("no brief")
    question = ("--goal", "the loss of the toy below 1", "--metric", "loss", "--direction", "minimize", "--no-trial")

    done = project.loop("init", *question, "--train", "python train.py", "--scope", "train.py", "--proposer", name)

    assert done.returncode == 0, done.stderr
    assert line in project.brief.read_text().splitlines()


def test_init_refuses_a_proposer_whose_program_is_missing_before_it_runs_anything(tmp_path):
    project = Project(tmp_path / "toy", train="print('loss: 1')\n")
    project.brief.unlink()
    project.commit("no brief")

    done = project.loop(
        "init", "--goal", "the loss of the toy below 1", "--proposer", "codex", env={"PATH": "/usr/bin:/bin"}
    )

    assert done.returncode == 2
    assert "there is no program `codex`" in done.stderr
    assert not project.brief.exists()
