"""`ar-loop run --notify`: a command runs on a keep, a pause, trouble and the end."""

import json

from toys import SCRIPTED, Project

from journal.events import SessionPaused


def test_a_keep_and_the_end_run_the_command_with_a_line_and_the_figures(tmp_path):
    project = Project(tmp_path / "project", brief=SCRIPTED, rates="0.3 0.9")
    log = tmp_path / "told"

    ended = project.loop("run", "--experiments", "2", "--notify", f'cat >> {log}; echo "$AR_NOTICE $AR_LINE" >> {log}')

    lines = log.read_text().splitlines()
    keep, pause = json.loads(lines[0]), json.loads(lines[2])
    assert ended.returncode == 0
    assert [keep["notice"], pause["notice"]] == ["keep", "pause"]
    assert "#1 KEPT" in keep["line"]
    assert keep["best"] < 0.001
    assert pause["experiments"] == 2
    assert lines[1] == f"keep {keep['line']}"


def test_a_command_that_fails_is_said_once_and_the_night_goes_on(tmp_path):
    project = Project(tmp_path / "project", brief=SCRIPTED, rates="0.3 0.9")

    ended = project.loop("run", "--experiments", "2", "--notify", "exit 3")

    assert ended.returncode == 0
    assert ended.stderr.count("the --notify command failed with exit code 3; the loop runs on") == 1
    assert project.of(SessionPaused)
