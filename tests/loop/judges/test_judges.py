"""The score of a text: a mechanical scan, and a judge model over a real connection on the loopback."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_server import MessagesServer, says, status
from toys import BRIEF, Project

from journal.events import RunFinished
from journal.projections.state import fold
from loop.errors import BadInput
from loop.judges import criteria
from loop.judges.rubric import main

RUBRIC = """
text: An introduction for newcomers.
criteria:
  - {name: clarity, ask: "Is it understood at first reading?", weight: 3}
  - {name: truth, ask: "Is nothing claimed that is not shown?"}
scan:
  - {pattern: '\\bvery\\b', costs: 0.5, most: 1}
  - {words: 5, costs: 0.25}
repeats: 2
"""
ONE_JUDGED = BRIEF.replace(
    "baseline_runs: 2",
    "baseline_runs: 1\nevaluate: python -m loop.judges.rubric rubric.yaml train.py\npattern: 'score: (number)'",
)
GRADES = st.fixed_dictionaries({"clarity": st.floats(0, 10), "truth": st.floats(0, 10)})


@pytest.fixture
def judge(tmp_path, monkeypatch, capsys):
    """The command as typed, with a scripted API; (exit code, its output, its errors, the requests)."""

    def run(*acts, rubric=RUBRIC, text="It is very, very short."):
        (tmp_path / "rubric.yaml").write_text(rubric)
        (tmp_path / "intro.md").write_text(text)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-scripted")
        with MessagesServer(list(acts)) as server:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
            code = main(["rubric.yaml", "intro.md"])
        printed, errors = capsys.readouterr()
        return code, dict(line.split(": ", 1) for line in printed.splitlines()), errors, server.bodies

    return run


def test_a_score_is_the_judges_weighted_mean_less_the_points_of_the_scan(judge):
    code, output, _, requests = judge(says('{"clarity": 8, "truth": 4}'), says('{"clarity": 6, "truth": 6}'))

    assert code == 0
    assert float(output["judged"]) == pytest.approx((7 + 6) / 2)
    assert float(output["scan"]) == -1.0
    assert float(output["score"]) == pytest.approx(5.5)
    assert float(output["sigma"]) == pytest.approx(0.5)
    assert json.loads(output["judge_usage"])["calls"] == 2
    assert float(output["dollars"]) > 0
    assert "very, very short" in requests[0]["messages"][0]["content"]
    assert requests[0]["system"] == requests[1]["system"]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (says('{"clarity": 8}'), "The judge gave no grades"),
        (says('{"clarity": 80, "truth": 1}'), "outside 0 to 10"),
        (says('{"clarity": 8, "truth": 4}', stop="max_tokens"), "before it was whole"),
        (status(401, "authentication_error"), "401"),
    ],
)
def test_a_judge_that_gives_no_grades_is_one_sentence_and_no_score(judge, act, message):
    code, output, errors, _ = judge(act)

    assert code == 1
    assert message in errors
    assert "score" not in output
    assert json.loads(output["judge_usage"])["calls"] == 1


def test_without_criteria_no_model_is_called(judge):
    code, output, _, requests = judge(rubric="scan: [{words: 2, costs: 1}]", text="one two three")

    assert (code, output["score"], requests) == (0, "9.0000", [])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("- a list", "no `criteria` and no `scan`"),
        ("criteria: [{name: Clear Words, ask: why}]", "needs a `name`"),
        ("criteria: [{name: a, ask: b}, {name: a, ask: c}]", "same name"),
        ("criteria: [{name: a, ask: b, weight: 0}]", "must be above 0"),
        ("scan: [{pattern: '(', costs: 1}]", "is not a regular expression"),
        ("scan: [{pattern: a, words: 3, costs: 1}]", "either `pattern` or `words`"),
        ("scan: [{words: 3}]", "needs `costs`"),
        ("{criteria: [{name: a, ask: b}], repeats: 0}", "from 1 to"),
        ("{criteria: [{name: a, ask: b}], modell: x}", "unknown key `modell`"),
        ("criteria: [", "is not YAML"),
    ],
)
def test_a_rubric_that_is_wrong_is_refused_in_a_sentence(source, message):
    with pytest.raises(BadInput, match="rubric") as refused:
        criteria.read(source, name="rubric.yaml")

    assert message in str(refused.value)


@settings(max_examples=40)
@given(answers=st.lists(GRADES, min_size=1, max_size=5), text=st.text(max_size=40))
def test_a_score_is_never_above_the_best_answer_and_the_order_of_answers_changes_nothing(answers, text):
    rubric = criteria.read(RUBRIC, name="rubric.yaml")

    score = criteria.score(rubric, text, answers)

    assert score.value <= max(max(answer.values()) for answer in answers) + 1e-9
    assert criteria.score(rubric, text, answers[::-1]).value == pytest.approx(score.value)


def test_in_the_loop_a_judge_holds_a_key_imports_nothing_of_the_change_and_its_cost_is_counted(tmp_path):
    project = Project(tmp_path / "project", brief=ONE_JUDGED)
    (project.root / "rubric.yaml").write_text(RUBRIC)
    (project.root / "anthropic.py").write_text(
        "raise SystemExit('planted')"
    )  # would be imported from the working folder
    project.commit("a rubric")
    answers = says('{"clarity": 8, "truth": 4}'), says('{"clarity": 6, "truth": 6}')

    with MessagesServer(list(answers)) as server:
        environment = {**os.environ, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "sk-scripted"}
        ended = project.loop("run", "--experiments", "0", env=environment)

    assert ended.returncode == 0, ended.stderr
    run = project.of(RunFinished)[0]
    rows = [row for row in fold(project.recorded()).spend.rows.values() if row.proposer == "judge"]
    assert (run.trust, run.metric) == ("judged", pytest.approx(5.5))
    assert (run.usage.calls, rows[0].calls) == (2, 2)
    assert rows[0].dollars > 0
