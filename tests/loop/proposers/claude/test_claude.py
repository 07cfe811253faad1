"""`proposer: claude` against a Messages API on the loopback; only the clock is a double."""

import json
import subprocess
from datetime import date

import msgspec
import pytest
from messages_server import (
    MessagesServer,
    blocks,
    breaks_off,
    calls,
    drips,
    fails_within,
    falls_silent,
    garbage,
    never_answers,
    page,
    proposes,
    resets,
    says,
    status,
)
from scripted_session import ScriptedSession

from journal.events import Candidate, Usage
from journal.store import Journal
from loop.errors import ProposerFailure, Stopped
from loop.llm.api import MessagesApi, retry_after
from loop.llm.messages import Fault
from loop.llm.prices import brief_prices
from loop.proposers import answer_schema
from loop.proposers.claude.budget import ProposalBudget
from loop.proposers.claude.conversation import Timing
from loop.proposers.claude.proposer import ClaudeProposer
from loop.proposers.claude.request_body import ModelSettings
from loop.proposers.claude.tools import Tools
from loop.workspace import Workspace

KEY = "sk-ant-api03-a-very-secret-key"
TRAIN = "LR = 0.04\nBATCH = 16\nSTEPS = 16\n"
HALVE = {"path": "train.py", "old": "BATCH = 16", "new": "BATCH = 8"}


class Watch:
    """A clock that only its own sleeps move on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> Timing:
        return Timing(
            monotonic=lambda: self.now, sleep=self.sleep, today=lambda: date(2026, 11, 20), jitter=lambda: 0.5
        )


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("repository")
    (root / "train.py").write_text(TRAIN)
    (root / "evaluate.py").write_text("# the judge\n" * 3000)
    (root / ".env").write_text("TOKEN=1\n")
    (root / "notes.txt").write_text("the key is sk-abcdefghijklmnopqrstuvwxyz\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "begin"], check=True)
    return Workspace(root)


@pytest.fixture(scope="module")
def journal_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    journal = Journal(path)
    journal.acquire()
    journal.append("session/nov20", [ScriptedSession({}).events[0].event], expected_version=0)
    journal.close()
    return path


@pytest.fixture(scope="module")
def earlier_journal(tmp_path_factory):
    """A journal of a discard, a keep and a crash."""
    night = ScriptedSession({"train.py": TRAIN})
    night.discarded(1, "halve the batch", {"train.py": TRAIN.replace("16", "8")}, diff="-BATCH = 16\n+BATCH = 8\n")
    night.kept(2, "raise the rate", {"train.py": TRAIN.replace("0.04", "0.05")})
    night.crashed(3, "double the width", {"train.py": TRAIN + "WIDTH = 2\n"}, error="out of memory", trace="OOM")
    return night.write(tmp_path_factory.mktemp("earlier") / "journal.db")


@pytest.fixture
def night():
    return ScriptedSession({"train.py": TRAIN})


@pytest.fixture
def desk(tmp_path, repository, journal_path, night, monkeypatch):
    """What is needed to ask: `desk(server)` is a proposer, `desk.request()` what it is asked."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return Desk(tmp_path, repository, journal_path, night)


class Desk:
    def __init__(self, folder, repository, journal, night) -> None:
        self.folder, self.repository, self.journal, self.night = folder, repository, journal, night
        self.watch = Watch()

    def __call__(
        self, server, *, key=KEY, idle=30.0, cancelled=lambda: False, max_cost=20.0, **settings
    ) -> ClaudeProposer:
        return ClaudeProposer(
            MessagesApi(base_url=server.url, api_key=key, idle=idle, is_cancelled=cancelled),
            settings=ModelSettings(**{"deadline": 100.0, **settings}),
            limit=lambda: max_cost,
            tools=Tools(journal=self.journal, workspace=self.repository),
            folder=self.folder / "prompts",
            clock=self.watch.clock(),
            secrets=(KEY,),
        )

    def request(self, number=1, **more):
        request = self.night.request(number)
        fields = {"goal": "lower val_bpb", "brief": "Be bold.", "memory": "σ = 0.005", "parent": self.repository.head()}
        return msgspec.structs.replace(request, **{**fields, **more})

    def kept(self, key):
        return json.loads((self.folder / "prompts" / key).read_text())

    def failure(self, proposer, number=1):
        with pytest.raises(ProposerFailure) as caught:
            proposer.propose(self.request(number))
        return caught.value


def last_words(server):
    return server.bodies[-1]["messages"][-1]["content"]


# --- a proposal ------------------------------------------------------------------------------------------------------


def test_an_answer_becomes_a_proposal_with_whole_new_texts(desk):
    act = proposes(idea="halve the batch", hypothesis="more steps", expected_delta=-0.01, edits=[HALVE])
    with MessagesServer([act]) as server:
        proposal = desk(server).propose(desk.request())

    assert proposal.files == {"train.py": "LR = 0.04\nBATCH = 8\nSTEPS = 16\n"}
    assert (proposal.idea, proposal.kind, proposal.expected_delta) == ("halve the batch", "knob", -0.01)
    assert (proposal.proposer, proposal.model) == ("claude", "claude-opus-5-5")


def test_tokens_and_dollars_are_counted_from_the_price_table(desk):
    with MessagesServer([proposes(idea="halve the batch", edits=[HALVE])]) as server:
        usage = desk(server).propose(desk.request()).usage

    assert (usage.tokens_in, usage.tokens_out, usage.tokens_cache_read, usage.tokens_cache_written) == (
        1200,
        300,
        9000,
        500,
    )
    assert usage.dollars == pytest.approx((1200 * 4 + 300 * 20 + 9000 * 0.20 + 500 * 8) / 1e6)
    assert usage.calls == 1


def test_the_cost_of_a_model_without_a_known_price_is_unknown(desk):
    with MessagesServer([proposes(idea="halve the batch", edits=[HALVE])]) as server:
        proposal = desk(server, model="claude-of-tomorrow").propose(desk.request())

    assert proposal.usage.dollars is None
    assert proposal.usage.tokens_out == 300


def test_the_prompt_goes_from_what_lasts_to_what_changes_with_three_marks_of_an_hour(desk):
    with MessagesServer([proposes(idea="halve the batch", edits=[HALVE])]) as server:
        desk(server, effort="high").propose(desk.request())

    body = server.bodies[0]
    brief, files, memory, news = body["messages"][0]["content"]
    assert [block["text"].splitlines()[0] for block in (brief, files, memory)] == [
        "# The brief", "# The files in scope", "# Memory of this session",
    ]  # fmt: skip
    assert news["text"].startswith("# Now: experiment 1")
    assert [block.get("cache_control") for block in (*body["system"], brief, files)] == [
        {"type": "ephemeral", "ttl": "1h"}
    ] * 3
    assert "cache_control" not in memory
    assert body["output_config"]["effort"] == "high"
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert body["thinking"] == {"type": "adaptive"}


def test_the_cached_prefix_is_the_same_for_the_next_experiment(desk):
    acts = [proposes(idea="halve the batch", edits=[HALVE]), proposes(idea="halve the batch", edits=[HALVE])]
    with MessagesServer(acts) as server:
        claude = desk(server)
        claude.propose(desk.request(1))
        claude.propose(desk.request(2, memory="σ = 0.004"))

    first, second = server.bodies
    assert (first["tools"], first["system"]) == (second["tools"], second["system"])
    assert first["messages"][0]["content"][:2] == second["messages"][0]["content"][:2]
    assert first["messages"][0]["content"][2:] != second["messages"][0]["content"][2:]


def test_a_model_of_which_the_api_says_nothing_gets_no_parameter_that_it_may_not_know(desk):
    with MessagesServer([proposes(idea="halve the batch", edits=[HALVE])], model=None) as server:
        desk(server).propose(desk.request())

    assert not {"thinking", "output_config"} & set(server.bodies[0])
    assert server.bodies[0]["max_tokens"] == 32_000


def test_without_a_schema_the_prompt_names_every_key_of_the_answer(desk):
    with MessagesServer([proposes(idea="halve the batch", edits=[HALVE])], model=None) as server:
        desk(server).propose(desk.request())

    rules = server.bodies[0]["system"][0]["text"]
    assert all(f'"{key}"' in rules for key in answer_schema.EXAMPLE)


def test_control_with_a_schema_the_prompt_does_not_repeat_it(desk):
    with MessagesServer([proposes(idea="halve the batch", edits=[HALVE])]) as server:
        desk(server).propose(desk.request())

    assert server.bodies[0]["output_config"]["format"]["schema"] == answer_schema.SCHEMA
    assert "The JSON object has these keys" not in server.bodies[0]["system"][0]["text"]


def test_a_gateway_that_refuses_a_parameter_is_asked_again_without_it_and_not_for_it_later(desk):
    refuses = status(400, "invalid_request_error", "output_config: Extra inputs are not permitted")
    act = proposes(idea="halve the batch", edits=[HALVE])
    with MessagesServer([refuses, act, act]) as server:
        proposer = desk(server)
        first = proposer.propose(desk.request())
        proposer.propose(desk.request())

    assert first.idea == "halve the batch"
    assert ["output_config" in body for body in server.bodies] == [True, False, False]
    assert '"considered"' in server.bodies[1]["system"][0]["text"]


def test_a_local_model_costs_nothing_and_is_asked_whatever_the_cap(desk):
    own = brief_prices({"local": [0.0, 0.0, 0.0, 0.0]})
    with MessagesServer([proposes(idea="halve the batch", edits=[HALVE])], model=None) as server:
        proposal = desk(server, model="local", max_cost=0.01, prices=lambda: own).propose(desk.request())

    assert proposal.usage.dollars == 0.0


def test_control_the_same_model_without_a_price_is_not_asked_under_that_cap(desk):
    with MessagesServer([], model=None) as server:
        failure = desk.failure(desk(server, model="local", max_cost=0.01))

    assert failure.kind == "cost"


# --- tools -----------------------------------------------------------------------------------------------------------


def test_sql_answers_from_the_journal_and_the_thinking_goes_back_untouched(desk):
    acts = [calls("sql", query="SELECT type FROM events"), proposes(idea="halve the batch", edits=[HALVE])]
    with MessagesServer(acts) as server:
        usage = desk(server).propose(desk.request()).usage

    assert last_words(server)[0]["content"] == '["type"]\n["SessionStarted"]'
    thinking, use = server.bodies[-1]["messages"][1]["content"]
    assert thinking == {"type": "thinking", "thinking": "Look first.", "signature": "c2lnbmVk"}
    assert use == {"type": "tool_use", "id": "toolu_0", "name": "sql", "input": {"query": "SELECT type FROM events"}}
    assert (usage.calls, usage.tokens_out) == (2, 600)


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("sql", {"query": "DELETE FROM events"}, "nothing else"),
        (
            "sql",
            {"query": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"},
            "0.25 s",
        ),
        ("sql", {}, "with wrong arguments"),
        ("read_file", {"path": ".env"}, "may hold a secret"),
        ("read_file", {"path": "notes.txt"}, "looks like a key"),
        ("read_file", {"path": "../../etc/passwd"}, "may hold a secret"),
        ("read_file", {"path": "/etc/passwd"}, "may hold a secret"),
        ("rm", {"path": "train.py"}, "There is no tool"),
        ("diff", {"experiment": 99}, "no experiment 99"),
        ("curve", {"experiment": "one"}, "wrong arguments"),
    ],
)
def test_a_tool_refuses_in_words_and_the_conversation_goes_on(desk, name, values, words):
    with MessagesServer([calls(name, **values), proposes(idea="halve the batch", edits=[HALVE])]) as server:
        proposal = desk(server).propose(desk.request())

    assert last_words(server)[0]["is_error"] is True
    assert words in last_words(server)[0]["content"]
    assert proposal.idea == "halve the batch"


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("diff", {"experiment": 1}, "-BATCH = 16"),
        ("trace", {"experiment": 3}, "oom: out of memory"),
        ("trace", {"experiment": 1}, "Experiment 1 had no failed run."),
        ("curve", {"experiment": 1}, "Experiment 1 reported no points."),
        ("similar", {"words": "a wider network: double the width"}, "double the width"),
    ],
)
def test_the_tools_show_what_an_earlier_experiment_left(desk, earlier_journal, name, values, words):
    desk.journal = earlier_journal
    with MessagesServer([calls(name, **values), proposes(idea="halve the batch", edits=[HALVE])]) as server:
        desk(server).propose(desk.request(4))

    [answer] = last_words(server)
    assert words in answer["content"]
    assert not answer["is_error"]


def test_what_claude_considered_is_recorded_with_its_proposal(desk):
    act = proposes(
        idea="halve the batch", edits=[HALVE], considered=[{"idea": "tie the embeddings", "gain": 2, "chance": None}]
    )
    with MessagesServer([act]) as server:
        proposal = desk(server).propose(desk.request())

    assert proposal.considered == (Candidate(idea="tie the embeddings", gain=2.0),)


def test_notes_are_cached_before_the_brief(desk):
    with MessagesServer([proposes(idea="halve the batch", edits=[HALVE])]) as server:
        desk(server).propose(desk.request(notes="Muon helps."))

    first, second, *_ = server.bodies[-1]["messages"][0]["content"]
    assert first["text"] == "# The researcher's notes\n\nMuon helps."
    assert first["cache_control"] == second["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_a_long_file_is_read_in_parts(desk):
    acts = [calls("read_file", path="evaluate.py", offset=12), proposes(idea="halve the batch", edits=[HALVE])]
    with MessagesServer(acts) as server:
        desk(server).propose(desk.request())

    text = last_words(server)[0]["content"]
    assert text.startswith("# the judge\n# the judge\n")
    assert text.endswith("(11988 characters follow: use offset)")


def test_sql_shows_forty_rows_and_six_thousand_characters(desk):
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90) SELECT i, printf_free FROM n, (SELECT hex(zeroblob(400)) AS printf_free)"
    with MessagesServer([calls("sql", query=many), proposes(idea="halve the batch", edits=[HALVE])]) as server:
        desk(server).propose(desk.request())

    text = last_words(server)[0]["content"]
    assert len(text) < 6_100
    assert text.endswith("(cut: select less)")


def test_the_fifth_tool_call_is_told_to_answer_and_the_next_one_ends_the_conversation(desk):
    look = calls("sql", query="SELECT 1", times=3)
    with MessagesServer([look, look, look]) as server:
        failure = desk.failure(desk(server))

    results = server.bodies[-1]["messages"][4]["content"]
    assert [result["is_error"] for result in results] == [False, True, True]
    assert failure.kind == "tool_calls"
    assert failure.usage.calls == 3


# --- edits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([{**HALVE, "old": "BATCH = 17"}], "does not occur"),
        ([{**HALVE, "old": " = 16"}], "more than once"),
        ([{**HALVE, "old": ""}], "`old` is empty"),
        ([{**HALVE, "new": "BATCH = 16"}], "changes nothing"),
        ([{**HALVE, "path": "judge.py"}], "no such file in scope"),
        ([HALVE, {"path": "train.py", "old": "BATCH = 8", "new": "BATCH = 16"}], "undo each other"),
        ([], "`edits` is empty"),
    ],
)
def test_an_edit_that_does_not_fit_is_told_once_in_the_same_conversation(desk, edits, words):
    acts = [proposes(idea="halve the batch", edits=edits), proposes(idea="halve it", edits=[HALVE])]
    with MessagesServer(acts) as server:
        proposal = desk(server).propose(desk.request())

    assert words in last_words(server)[0]["text"]
    assert len(server.bodies[1]["messages"]) == 3
    assert (proposal.idea, proposal.usage.calls) == ("halve it", 2)


@pytest.mark.parametrize(
    ("old", "kind"), [("BATCH = 17", "edit_absent"), (" = 16", "edit_ambiguous"), ("", "edit_empty")]
)
def test_a_second_edit_that_does_not_fit_ends_the_conversation(desk, old, kind):
    act = proposes(idea="halve the batch", edits=[{**HALVE, "old": old}])
    with MessagesServer([act, act]) as server:
        failure = desk.failure(desk(server))

    assert failure.kind == kind
    assert failure.usage.tokens_out == 600


# --- faults ----------------------------------------------------------------------------------------------------------

CATEGORIES = ["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms", None]


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_refusal_is_recorded_with_its_category_and_not_sent_again(desk, category):
    details = {"type": "refusal", "category": category, "explanation": "Not this."}
    with MessagesServer([says("", stop="refusal", details=details)]) as server:
        claude = desk(server)
        failure = desk.failure(claude)
        server.script.append(proposes(idea="halve the batch", edits=[HALVE]))
        proposal = claude.propose(desk.request(2))

    assert (failure.kind, failure.usage.tokens_out) == ("refusal", 300)
    assert f"category: {category or 'none named'}" in str(failure)
    assert proposal.idea == "halve the batch"


@pytest.mark.parametrize(
    ("act", "kind", "words"),
    [
        (status(401, "authentication_error", "invalid x-api-key"), "authentication", "invalid x-api-key"),
        (status(402, "billing_error"), "billing", "402"),
        (status(403, "permission_error"), "permission", "403"),
        (status(404, "not_found_error", "model: claude-9"), "not_found", "claude-9"),
        (status(413, "request_too_large"), "too_large", "413"),
        (status(400, "invalid_request_error", "no such field"), "bad_request", "no such field"),
        (status(429, "rate_limit_error", error_code="enforced_spend_limit_reached"), "spend_limit", "429"),
        (status(400, "invalid_request_error", "You have reached your specified API usage limits."), "spend_limit", "usage"),
        (status(429, "rate_limit_error", retry_after="7200"), "rate_limit", "429"),
        (says('{"idea": "x", "edi', stop="max_tokens"), "truncated", "cut"),
        (calls("sql"), "malformed", ""),
        (says("", stop="model_context_window_exceeded"), "context_full", "context window"),
        (says("", stop="pause_turn"), "unfinished", "pause_turn"),
        (garbage(), "malformed", "cannot be read"),
        (fails_within("authentication_error"), "authentication", "too much"),
    ],
)  # fmt: skip
def test_a_fault_that_does_not_pass_ends_in_a_failure_of_its_kind_at_once(desk, act, kind, words):
    with MessagesServer([act, says("Sorry, no JSON."), says("Nor now.")]) as server:
        failure = desk.failure(desk(server))

    assert failure.kind == kind
    assert words in str(failure)
    assert failure.usage.calls >= 1
    assert (failure.model, failure.prompt_key) == ("claude-opus-5-5", "nov20/1-1.json")
    assert desk.watch.slept == []


@pytest.mark.parametrize(
    ("act", "kind", "idle"),
    [
        (status(429, "rate_limit_error"), "rate_limit", 30.0),
        (status(500, "api_error"), "server", 30.0),
        (status(503, "api_error"), "server", 30.0),
        (status(529, "overloaded_error"), "overloaded", 30.0),
        (fails_within("overloaded_error"), "overloaded", 30.0),
        (resets(), "connection", 30.0),
        (breaks_off(), "connection", 30.0),
        (falls_silent(), "timeout", 0.1),
        (never_answers(), "timeout", 0.1),
        (page(), "not_the_api", 30.0),
        (blocks([{"type": "text", "text": '{"idea": "halve'}], stop=None), "cut", 30.0),
    ],
)
def test_a_fault_that_passes_is_asked_again_with_doubled_waits_and_then_given_up(desk, act, kind, idle):
    with MessagesServer([act] * 4) as server:
        failure = desk.failure(desk(server, idle=idle))

    assert failure.kind == kind
    assert failure.usage.calls == 4
    assert desk.watch.slept == [2.0, 4.0, 8.0]


def test_a_passing_fault_that_passes_costs_a_wait_and_no_failure(desk):
    acts = [status(529, "overloaded_error", retry_after="20"), proposes(idea="halve the batch", edits=[HALVE])]
    with MessagesServer(acts) as server:
        proposal = desk(server).propose(desk.request())

    assert proposal.idea == "halve the batch"
    assert proposal.usage.calls == 2
    assert desk.watch.slept == [pytest.approx(21.0)]


def test_a_drip_of_pings_ends_at_the_deadline_with_its_tokens_counted(desk):
    with MessagesServer([drips()]) as server:
        failure = desk.failure(desk(server, deadline=1.0))

    assert failure.kind == "deadline"
    assert failure.usage.tokens_in == 1200


def test_waits_do_not_outlast_the_deadline(desk):
    with MessagesServer([status(429, "rate_limit_error", retry_after="50")] * 3) as server:
        failure = desk.failure(desk(server, deadline=60.0))

    assert failure.kind == "rate_limit"
    assert desk.watch.slept == [pytest.approx(52.5)]


def test_a_person_who_ends_the_loop_does_not_wait_for_the_api(desk):
    with MessagesServer([never_answers()]) as server, pytest.raises(Stopped):
        desk(server, cancelled=lambda: bool(server.bodies)).propose(desk.request())


def test_without_a_key_the_failure_says_what_to_do(desk, monkeypatch, tmp_path):
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with MessagesServer([]) as server:
        failure = desk.failure(desk(server, key=None))

    assert failure.kind == "no_key"
    assert "set ANTHROPIC_API_KEY" in str(failure)


def test_after_a_lasting_fault_the_api_is_left_alone_for_a_while(desk):
    with MessagesServer([status(402, "billing_error"), proposes(idea="halve the batch", edits=[HALVE])]) as server:
        claude = desk(server)
        first, second = desk.failure(claude), desk.failure(claude, 2)
        desk.watch.now += 901
        proposal = claude.propose(desk.request(3))

    assert (first.kind, second.kind) == ("billing", "resting")
    assert second.retry_after == pytest.approx(900.0)
    assert len(server.bodies) == 2
    assert proposal.idea == "halve the batch"


# --- the cap ---------------------------------------------------------------------------------------------------------


def test_no_call_is_made_that_could_pass_the_cap(desk):
    spent = Usage(tokens_out=1, dollars=4.5, calls=1)
    desk.night.discarded(1, "a wide net", {"train.py": TRAIN.replace("0.04", "0.02")}, usage=spent)
    with MessagesServer([]) as server:
        failure = desk.failure(desk(server, max_cost=5.0), 2)

    assert failure.kind == "cost"
    assert "4.50 of 5.00 dollars" in str(failure)
    assert server.bodies == []


def test_the_cap_counts_calls_in_flight():
    budget = ProposalBudget(lambda: 1.0)

    with (
        budget.reserve("nov20", recorded=0.2, estimate=0.5),
        pytest.raises(Fault) as caught,
        budget.reserve("nov20", recorded=0.2, estimate=0.4),
    ):
        pytest.fail("a call was let through")

    assert caught.value.kind == "cost"


def test_the_cap_counts_what_this_process_spent_before_the_journal_knows():
    budget = ProposalBudget(lambda: 1.0)
    with budget.reserve("nov20", recorded=0.2, estimate=0.5):
        budget.spend("nov20", 0.5)

    with pytest.raises(Fault, match=r"0\.70 of 1\.00 dollars"), budget.reserve("nov20", recorded=0.2, estimate=0.4):
        pytest.fail("a call was let through")


def test_the_cap_holds_for_a_model_without_a_known_price_by_the_dearest_one(desk):
    spent = Usage(tokens_out=100_000, dollars=None, calls=1)
    desk.night.discarded(1, "a wide net", {"train.py": TRAIN.replace("0.04", "0.02")}, usage=spent)
    with MessagesServer([]) as server:
        failure = desk.failure(desk(server, max_cost=5.0, model="claude-of-tomorrow"), 2)

    assert failure.kind == "cost"
    assert "5.00 of 5.00 dollars" in str(failure)


# --- what can be read afterwards -------------------------------------------------------------------------------------


def test_every_request_and_answer_can_be_read_afterwards_without_keys(desk):
    acts = [
        status(529, "overloaded_error"),
        calls("sql", query=f"SELECT '{KEY}'"),
        proposes(idea="halve the batch", edits=[HALVE]),
    ]
    with MessagesServer(acts) as server:
        proposal = desk(server).propose(desk.request())

    kept = desk.kept(proposal.prompt_key)
    assert proposal.prompt_key == "nov20/1-1.json"
    assert [turn["role"] for turn in kept["request"]["messages"]] == ["user", "assistant", "user", "assistant"]
    assert [call["ended"] for call in kept["calls"]] == ["overloaded", "tool_use", "end_turn"]
    assert kept["proposed"]["idea"] == "halve the batch"
    assert KEY not in (desk.folder / "prompts" / proposal.prompt_key).read_text()
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_failed_conversation_is_kept_and_the_next_asking_does_not_overwrite_it(desk):
    with MessagesServer([says("", stop="refusal"), proposes(idea="halve the batch", edits=[HALVE])]) as server:
        claude = desk(server)
        desk.failure(claude)
        proposal = claude.propose(desk.request())

    assert desk.kept("nov20/1-1.json")["failed"]["kind"] == "refusal"
    assert proposal.prompt_key == "nov20/1-1-2.json"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Fri, 20 Nov 2026 20:00:30 GMT"}, 30.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_read_from_seconds_milliseconds_or_a_date(headers, seconds):
    assert retry_after(headers, now=lambda: 1795204800.0) == seconds
