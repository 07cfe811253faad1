"""Requests and answers, as `ar-journal show N --prompt` prints them."""

import json

import pytest
from commands import ar_journal
from histories import TAG, proposed, started

from journal.events import IdeaRefused, ProposerFailed, experiment_stream, session_stream

SECRET = "sk-ant-api03-abcdefghijklmnop"
REQUEST = {
    "model": "claude-opus-5-5",
    "tools": [{"name": "sql"}],
    "system": [{"type": "text", "text": "You are the researcher."}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Propose the next change."}]},
        {"role": "assistant", "content": [{"type": "tool_use", "name": "sql", "input": {"query": "SELECT 1"}}]},
        {"role": "user", "content": [{"type": "tool_result", "content": "[1]"}]},
        {"role": "assistant", "content": [{"type": "text", "text": f"\x1b[2Jhalve it, with {SECRET}"}]},
    ],
}


@pytest.fixture
def transcribed(path, journal):
    """Experiment 7: refused, then a call that failed, then a proposal that no event names, for the loop was killed."""
    kept = path.parent / "prompts" / TAG
    kept.mkdir(parents=True)
    for name, content in (
        ("7-1", {"request": REQUEST, "proposed": {"idea": "halve it"}}),
        ("7-2", {"request": REQUEST | {"messages": []}, "failed": {"kind": "refusal", "reason": "Claude declined."}}),
        ("7-10", {"told": {"task.md": "Edit\nthe file."}}),
        ("71-1", {"request": REQUEST}),
    ):
        (kept / f"{name}.json").write_text(json.dumps(content))
    journal.append(session_stream(TAG), [started()])
    journal.append(
        experiment_stream(TAG, 7),
        [
            proposed(7, "halve it", proposer="claude", model="claude-opus-5-5", prompt_key=f"{TAG}/7-1.json"),
            IdeaRefused(session=TAG, experiment=7, attempt=1, rule="same value", reason="Tried in experiment 3."),
            ProposerFailed(
                session=TAG, experiment=7, proposer="claude", kind="refusal", reason="Claude declined.",
                model="claude-opus-5-5", prompt_key=f"{TAG}/7-2.json",
            ),
        ],
    )  # fmt: skip
    return path


def test_every_request_is_printed_in_order_with_its_outcome(transcribed):
    result = ar_journal("show", "7", "--prompt", "--session", TAG, journal=transcribed)

    assert [line for line in result.stdout.splitlines() if line.startswith("━━")] == [
        f"━━ {TAG}/7-1.json: claude-opus-5-5 proposed: halve it; not used: Tried in experiment 3.",
        f"━━ {TAG}/7-2.json: no proposal (refusal): Claude declined.",
        f"━━ {TAG}/7-10.json: the journal does not name it: the loop ended before it was recorded",
    ]
    assert "── system\nYou are the researcher." in result.stdout
    assert '── assistant\n(calls sql) {\n "query": "SELECT 1"\n}\n\n── user\n(the tool answers) [1]' in result.stdout
    assert "── told: task.md\nEdit\nthe file." in result.stdout


def test_no_key_and_no_command_to_the_terminal_is_shown(transcribed):
    text = ar_journal("show", "7", "--prompt", "--session", TAG, journal=transcribed).stdout
    data = ar_journal("show", "7", "--prompt", "--json", "--session", TAG, journal=transcribed).stdout

    assert "[2Jhalve it, with [key]" in text
    assert SECRET not in text + data
    assert "\x1b" not in text
    assert [record["attempt"] for record in json.loads(data)] == [1, 2, 10]


def test_an_experiment_without_requests_is_a_note(transcribed):
    result = ar_journal("show", "8", "--prompt", "--session", TAG, journal=transcribed)

    assert (result.returncode, result.stdout) == (1, "")
    assert "has no request for experiment 8" in result.stderr
