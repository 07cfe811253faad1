"""An agent cannot reach the person's repository; where no sandbox holds it back, what it changed there is reported."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
from scripted_session import ScriptedSession
from toys import Project, gone

from journal.events import RepositoryTouched
from loop.errors import ProposerFailure
from loop.proposers.command import agent_folder
from loop.proposers.command.agent_run import CommandSettings, WatchedRepository
from loop.proposers.command.proposer import CommandProposer
from loop.runs.sandbox import bubblewrap
from loop.workspace import Workspace

needs_sandbox = pytest.mark.skipif(not bubblewrap.is_available(), reason="bubblewrap does not work here")
TRAIN = "LR = 0.04\nBATCH = 16\n"
HALVE = "sed -i s/16/8/ train.py"
COMMIT = "git commit -q --allow-empty -m mine"
AUTHOR = "-c user.name=x -c user.email=x@y"


@pytest.fixture
def person(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Person(tmp_path)


class Person:
    """A researcher with a repository, who asks an agent: `person.ask(line)`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = Project(folder / "toy", train=TRAIN)
        self.root, self.ar = self.project.root, folder / "ar"
        (self.root / "notes.txt").write_text("mine\n")
        self.events: list[RepositoryTouched] = []

    def ask(self, line: str, *, sandboxed: bool, **keys):
        workspace = Workspace(self.root)
        settings = CommandSettings(line=line, scope=("train.py",), deadline=20.0, sandboxed=sandboxed, **keys)
        agent = CommandProposer(
            lambda: settings,
            repository=WatchedRepository(
                workspace=workspace, own=(self.root / ".ar", self.ar), brief=self.project.brief
            ),
            folder=self.ar,
            report=self.events.append,
        )
        request = ScriptedSession({"train.py": TRAIN}).request(1)
        return agent.propose(msgspec.structs.replace(request, parent=workspace.head()))

    def transcript(self) -> dict:
        return json.loads((self.ar / "prompts" / "nov20" / "1-1.json").read_text())

    def output(self, line: str, *, sandboxed: bool = True, **keys) -> str:
        self.ask(f"{line}; {HALVE}", sandboxed=sandboxed, **keys)
        return self.transcript()["output"]


# --- the copy ---


@pytest.mark.parametrize("sandboxed", [pytest.param(True, marks=needs_sandbox), False])
def test_the_enclosing_repository_of_an_agent_is_its_own(person, sandboxed):
    output = person.output(
        "git rev-parse --show-toplevel; git log --format=%an:%s; git status --short", sandboxed=sandboxed
    )

    top, log, *status = output.splitlines()
    assert not Path(top).is_relative_to(person.root)
    assert log.startswith("ar-loop:The program at ")
    assert status == ["?? .proposal/"]


@pytest.mark.parametrize("sandboxed", [pytest.param(True, marks=needs_sandbox), False])
def test_an_agent_that_commits_stashes_and_resets_does_so_in_its_copy(person, sandboxed):
    before = person.project.picture()

    proposal = person.ask(
        f"git reset -q --hard; {HALVE}; git commit -qam mine; echo LR=1 >> train.py; git stash -q", sandboxed=sandboxed
    )

    assert proposal.files == {"train.py": "LR = 0.04\nBATCH = 8\n"}
    assert person.project.picture() == before
    assert person.events == []


def test_nothing_of_the_persons_configuration_reaches_the_copy(person, monkeypatch):
    template = person.folder / "template"
    (template / "hooks").mkdir(parents=True)
    (template / "hooks" / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (template / "hooks" / "pre-commit").chmod(0o755)
    settings = person.folder / "gitconfig"
    settings.write_text(
        f"[init]\ntemplateDir = {template}\n[user]\nname = Ada\nemail = ada@example.org\n[alias]\nx = log\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))

    output = person.output(f"{COMMIT}; git log --format=%an -1; git config --list --show-origin", sandboxed=False)

    assert output.startswith("agent\n")
    assert "Ada" not in output
    assert "alias" not in output


def test_the_bytes_of_the_copy_are_those_of_the_commit_whatever_its_attributes_say(person):
    (person.root / ".gitattributes").write_text("* text=auto eol=crlf\n*.txt ident\n")
    (person.root / "notes.txt").write_text("$Id$ one\ntwo\n")
    person.project.commit("attributes")

    output = person.output("git status --short; git checkout -q . ; od -c notes.txt", sandboxed=False)

    assert output.splitlines()[0] == "?? .proposal/"
    assert r"\r" not in output


def test_home_and_temporary_files_have_a_folder_each(person):
    output = person.output('echo "$HOME $TMPDIR $PWD"; touch "$TMPDIR/a" "$HOME/b"', sandboxed=False)

    home, temp, tree = (Path(path) for path in output.split())
    assert home.parent == temp.parent == tree.parent
    assert len({home, temp, tree}) == 3


def test_the_folder_of_a_killed_loops_agent_is_removed_by_the_next(person):
    ask = (
        "import sys; sys.path[:0] = sys.argv[3:]; from pathlib import Path; import test_isolation as t;"
        "p = t.Person.__new__(t.Person); p.root = Path(sys.argv[1]); p.ar = p.root.parent / 'ar'; p.events = [];"
        "p.project = type('P', (), {'brief': None}); p.ask(sys.argv[2], sandboxed=False)"
    )
    mark = person.folder / "started"
    line = f"touch {mark}; sleep 1000"
    folders = [str(Path(__file__).parent), *sys.path]
    loop = subprocess.Popen([sys.executable, "-c", ask, str(person.root), line, *folders])
    wait_for(mark)

    os.kill(loop.pid, signal.SIGKILL)
    loop.wait()

    assert gone(str(mark))
    (left,) = leftovers(person)
    assert (left / "tree" / "train.py").exists()
    agent_folder.remove_leftovers(person.root)
    assert leftovers(person) == []


def test_the_folder_of_an_agent_that_runs_is_no_leftover(person):
    folder = agent_folder.create(person.root, name="1-1")
    sleeper = subprocess.Popen(["sleep", "1000"], env={**os.environ, "HOME": str(folder.home)})

    agent_folder.remove_leftovers(person.root)

    assert leftovers(person) == [folder.root]
    sleeper.kill()
    sleeper.wait()


def test_a_cache_inside_the_repository_is_not_used(person, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(person.root / ".cache"))

    output = person.output("pwd", sandboxed=False)

    assert not Path(output.strip()).is_relative_to(person.root)


# --- in the sandbox ---


@needs_sandbox
def test_a_sandboxed_agent_sees_neither_the_repository_nor_the_home(person, monkeypatch):
    monkeypatch.setenv("HOME", str(person.folder / "home"))
    (person.folder / "home" / ".ssh").mkdir(parents=True)
    (person.folder / "home" / ".ssh" / "id").write_text("secret")

    output = person.output(
        f'd={person.folder}; ls -A "$d/toy" "$d/home"; cat "$d/home/.ssh/id"; echo x > "$d/toy/x" || echo refused'
    )

    assert "train.py" not in output
    assert ".ssh" not in output.replace("home/.ssh/id: No such file", "")
    assert "secret" not in output
    assert "refused" in output
    assert not (person.root / "x").exists()


@needs_sandbox
def test_control_without_a_sandbox_the_agent_sees_both(person):
    assert "train.py" in person.output(f"ls -A {person.root}", sandboxed=False)


@needs_sandbox
def test_a_sandboxed_agent_has_the_network(person):
    with socket_server() as port:
        code = f"import socket; print(socket.create_connection(('127.0.0.1', {port})).recv(5).decode())"

        assert person.output(f'python3 -c "{code}"').strip() == "hello"


@needs_sandbox
def test_the_folder_of_a_login_is_visible_and_writable_and_the_home_is_not(person, monkeypatch):
    login = person.folder / "login"
    login.mkdir()
    (login / "token").write_text("t")
    monkeypatch.setenv("CODEX_HOME", str(login))
    monkeypatch.setenv("MY_HOME", os.environ["HOME"])

    output = person.output(
        'cat "$CODEX_HOME/token"; echo new > "$CODEX_HOME/token"; touch "$MY_HOME/x" || echo refused',
        variables=("CODEX_HOME", "MY_HOME"),
    )

    assert output.startswith("t")
    assert (login / "token").read_text() == "new\n"
    assert "refused" in output


@needs_sandbox
@pytest.mark.parametrize("sandboxed", [True, False])
def test_the_proposal_and_the_transcript_say_how_the_agent_was_isolated(person, sandboxed):
    proposal = person.ask(HALVE, sandboxed=sandboxed)

    expected = "sandboxed" if sandboxed else "none"
    assert proposal.isolation == expected
    assert person.transcript()["isolation"] == expected


@needs_sandbox
def test_a_script_outside_the_repository_that_the_command_names_can_run(person):
    script = person.folder / "elsewhere" / "agent.py"
    script.parent.mkdir()
    script.write_text(
        "from pathlib import Path\np = Path('train.py')\np.write_text(p.read_text().replace('16', '4'))\n"
    )

    assert "BATCH = 4" in person.ask(f"python {script}", sandboxed=True).files["train.py"]


@needs_sandbox
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_program_of_npm_below_the_home_can_run(person, monkeypatch):
    prefix = person.folder / "home" / ".npm"
    package = prefix / "lib" / "node_modules" / "agent"
    package.mkdir(parents=True)
    (package / "text.js").write_text("module.exports = 'BATCH = 2\\n';\n")
    (package / "cli.js").write_text(
        "#!/usr/bin/env node\nrequire('fs').writeFileSync('train.py', require('./text.js'));\n"
    )
    (package / "cli.js").chmod(0o755)
    (prefix / "bin").mkdir()
    (prefix / "bin" / "agent").symlink_to("../lib/node_modules/agent/cli.js")
    monkeypatch.setenv("HOME", str(person.folder / "home"))
    monkeypatch.setenv("PATH", f"{prefix / 'bin'}:{os.environ['PATH']}")

    assert person.ask("agent", sandboxed=True).files == {"train.py": "BATCH = 2\n"}


# --- without one, the repository is watched ---


@pytest.mark.parametrize(
    ("line", "clause"),
    [
        (f"git {AUTHOR} -C ROOT commit -qam mine", "HEAD moved from main at"),
        ("git -C ROOT branch mine", "refs changed: refs/heads/mine"),
        ("git -C ROOT add notes.txt", "the index changed: notes.txt"),
        ("echo more >> ROOT/notes.txt", "files changed: notes.txt"),
        ("touch ROOT/.gitignore", "files changed: .gitignore"),
        ("rm ROOT/train.py", "files changed: train.py"),
        ("git -C ROOT config user.name Mallory", "git's settings changed: config"),
        ("printf x > ROOT/.git/hooks/post-commit", "git's settings changed: hooks/post-commit"),
        ("sed -i 's/lower the loss/ignore the loss/' ROOT/program.md", "program.md changed"),
    ],
)  # fmt: skip
def test_what_an_agent_changes_in_the_persons_repository_is_reported_and_not_undone(person, line, clause):
    (person.root / ".git" / "hooks").mkdir(exist_ok=True)
    (person.root / "train.py").write_text(TRAIN + "# dirty\n")

    person.ask(f"{line.replace('ROOT', str(person.root))}; {HALVE}", sandboxed=False)

    (event,) = person.events
    assert any(clause in change for change in event.changes), event.changes
    assert (event.experiment, event.prompt_key) == (1, "nov20/1-1.json")


def test_control_an_agent_that_stays_in_its_copy_is_not_reported(person):
    person.ask(HALVE, sandboxed=False)

    assert person.events == []


def test_what_the_loop_itself_writes_meanwhile_is_not_reported(person):
    head = person.project.git("rev-parse", "HEAD")
    line = (
        f"mkdir -p {person.root}/.ar; echo x > {person.root}/.ar/x; "
        f"git -C {person.root} update-ref refs/autoresearch/night/1 {head}; "
        f"git -C {person.root} update-ref refs/heads/autoresearch/night {head}"
    )

    person.ask(f"{line}; {HALVE}", sandboxed=False)

    assert person.events == []


def test_a_change_is_also_reported_if_the_agent_fails(person):
    with pytest.raises(ProposerFailure):
        person.ask(f"touch {person.root}/left; exit 3", sandboxed=False)

    assert [event.changes for event in person.events] == [("files changed: left",)]


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert path.exists()


def leftovers(person) -> list[Path]:
    return list((person.folder / "cache" / "ar-loop" / "agents").glob("*/*"))


class socket_server:  # noqa: N801  # reads as a function
    """A port of the loopback that says hello once."""

    def __enter__(self) -> int:
        self._server = socket.create_server(("127.0.0.1", 0))

        def answer() -> None:
            connection, _ = self._server.accept()
            connection.sendall(b"hello")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        return self._server.getsockname()[1]

    def __exit__(self, *_: object) -> None:
        self._server.close()
