"""`ar-journal mcp`, asked by the package's own client over stdio, on a toy session."""

import json
import subprocess
import sys
import time

import pytest
from toys import BRIEF, PATIENCE, SPEAKING, Project, gone, processes

from journal.events import RunStarted
from loop.gate.patch import unified

pytest.importorskip("mcp", reason="the extra mcp is not installed")

import anyio
from mcp import Client, StdioServerParameters

SERVER = ["-P", "-c", "from journal.console.entry import main; main()", "mcp"]
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Project:
    """A session with a baseline and two experiments."""
    project = Project(
        tmp_path_factory.mktemp("mcp") / "toy", brief=BRIEF.replace("baseline_runs: 2", "baseline_runs: 1")
    )
    project.loop("run", "--experiments", "2", "--tag", "night")
    return project


def parameters(project: Project, *options: str) -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=[*SERVER, *options], cwd=str(project.root))


def appeared(mark: str) -> list[int]:
    """The processes with this mark, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE
    while not processes(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes(mark)


def ask(project: Project, *calls: tuple[str, dict], steer: bool = False) -> list:
    """The results of calls in one connection."""
    server = parameters(project, *(["--steer"] if steer else []))

    async def converse() -> list:
        async with Client(server) as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(converse)


def texts(result) -> list[str]:
    return [part.text for part in result.content]


def test_the_reading_tools_answer_as_their_commands_do(done):
    now = done.git("show", "autoresearch/night:train.py") + "\n"
    patch = unified({"train.py": now}, {"train.py": now.replace("abs(RATE", "abs(0.9 * RATE")})
    calls = [
        ("status", {}),
        ("sql", {"query": "SELECT number FROM experiments ORDER BY number"}),
        ("show", {"number": 1}),
        ("diff", {"number": 1}),
        ("failures", {}),
        ("similar", {"change": 1}),
        ("memory", {}),
        ("curve", {"number": 1}),
        ("check", {"patch": patch}),
    ]

    status, sql, show, diff, failures, similar, memory, curve, check = results = ask(done, *calls)

    assert [result.is_error for result in results] == [False] * 9
    assert json.loads(texts(status)[0])["session"] == "night"
    assert json.loads(texts(sql)[0]) == [{"number": 0}, {"number": 1}, {"number": 2}]
    assert json.loads(texts(show)[0])["experiment"]["number"] == 1
    assert "+RATE = " in texts(diff)[0]
    assert json.loads(texts(failures)[0]) == []
    assert isinstance(json.loads(texts(similar)[0]), list)
    assert "### Last experiments" in texts(memory)[0]
    assert json.loads(texts(curve)[0]) == []  # this training reports no steps
    assert json.loads(texts(check)[0])["passes"] is True


def test_what_a_command_refuses_its_tool_refuses_with_the_same_sentence(done):
    write, unknown, steering, missing, bad = ask(
        done,
        ("sql", {"query": "DELETE FROM events"}),
        ("show", {"number": 99}),
        ("pause", {}),
        ("similar", {}),
        ("sql", {"quarry": "SELECT 1"}),
    )

    command = subprocess.run(
        [sys.executable, *SERVER[:-1], "sql", "DELETE FROM events"],
        cwd=done.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (command.returncode, texts(write)) == (2, [command.stderr.rstrip(), "exit code 2"])
    assert [result.is_error for result in (write, unknown, steering, missing, bad)] == [True] * 5
    assert texts(steering)[0].startswith("There is no tool pause: the tools are status, sql,")
    assert "has no argument 'quarry'" in texts(bad)[0]


def test_text_that_controls_a_terminal_comes_as_its_code_and_the_json_stays_valid(done):
    query = "SELECT char(27) || '[2J' || char(8238) || char(155) AS x"

    [result] = ask(done, ("sql", {"query": query}))

    assert r"\u202e" in texts(result)[0]
    assert texts(result)[0].isascii()
    assert json.loads(texts(result)[0]) == [{"x": "\x1b[2J\u202e\x9b"}]


def test_an_agent_that_may_steer_runs_a_session_waits_for_it_and_directs_it(tmp_path):
    project = Project(tmp_path / "toy", brief=BRIEF.replace("baseline_runs: 2", "baseline_runs: 1"))

    run, wait, direct, pause = ask(
        project,
        ("run", {"experiments": 1}),
        ("wait", {"seconds": 60}),
        ("direct", {"text": "--journal is no option here"}),
        ("pause", {}),
        steer=True,
    )

    assert json.loads(texts(run)[0])["journal"] == str(project.journal)
    assert json.loads(texts(wait)[0])["done"] is True
    assert "no model reads this direction" in json.loads(texts(direct)[0])["note"]
    assert (pause.is_error, texts(pause)[-1]) == (False, "exit code 1")
    assert "No loop runs on" in texts(pause)[0]


def test_a_client_that_leaves_ends_its_wait(tmp_path):
    project = Project(tmp_path / "toy", train=SPEAKING.replace("SECONDS", "20"), brief=BRIEF.replace("5s", "60s"))
    loop = project.start("run", "--tag", "night")
    project.until(RunStarted)
    mark = f"--timeout=57s\0--journal={project.journal}"

    async def leave() -> list[int]:
        async with Client(parameters(project, "--steer")) as client, anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "wait", {"seconds": 57, "until": "999"})
            waiting = await anyio.to_thread.run_sync(appeared, mark)
            group.cancel_scope.cancel()
        return waiting

    waiting = anyio.run(leave)
    loop.terminate()
    loop.wait()

    assert len(waiting) == 1
    assert gone(mark)


def test_a_file_of_the_persons_folder_is_not_imported_by_the_server(tmp_path):
    project = Project(tmp_path / "toy")
    (project.root / "json.py").write_text("raise SystemExit('imported')\n")

    [result] = ask(project, ("status", {}))

    assert "There is no journal at" in texts(result)[0]


def test_garbage_from_a_client_ends_nothing(done):
    hello = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    initialize = {
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}},
    }  # fmt: skip
    garbage = [
        b"\xff\xfe\x00",
        b"{",
        b"[" * 100_000,
        b'{"jsonrpc": "2.0", "id": 6, "method": "tools/call", "params": 3}',
        b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": 5}}',
        b'{"jsonrpc": "2.0", "id": 8, "method": "tools/cook"}',
    ]
    lines = [json.dumps(initialize).encode(), *garbage, json.dumps(hello).encode()]

    with subprocess.Popen([sys.executable, *SERVER], cwd=done.root, **PIPES) as server:
        server.stdin.write(b"\n".join(lines) + b"\n")
        server.stdin.flush()
        answers = {answer["id"]: answer for answer in (json.loads(server.stdout.readline()) for _ in range(4))}
        _, messages = server.communicate(timeout=60)

    assert server.returncode == 0
    assert "result" in answers[0]
    assert ("error" in answers[7], "error" in answers[8]) == (True, True)
    assert answers[1]["result"] == {}
    assert b"Traceback" not in messages
