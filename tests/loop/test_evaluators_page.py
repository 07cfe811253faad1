"""The evaluator in docs/evaluators.md, run as the page says: it measures an honest model, and a model finds no answer."""

import re
from pathlib import Path

import pytest
from toys import Project

from journal.events import RunFinished
from loop.brief.config import Config
from loop.contracts import Device, RunSpec
from loop.runs.measure import RunObserver
from loop.runs.run import RunExecutor
from loop.runs.sandbox import bubblewrap
from loop.workspace import Workspace

PAGE = (Path(__file__).parents[2] / "docs" / "evaluators.md").read_text(encoding="utf-8")
TRAIN = "import json, os\nopen(os.environ['AR_OUT'] + '/weights.json', 'w').write(json.dumps({'slope': 2.5}))\n"
HONEST = "import json, sys\nslope = json.load(open(sys.argv[1]))['slope']\nfor line in sys.stdin: print(slope * float(line))\n"
HELD_OUT = "1 2\n2 4\n3 6\n"

pytestmark = pytest.mark.skipif(not bubblewrap.is_available(), reason=str(bubblewrap.unavailable_reason()))


@pytest.fixture
def outcome_of(tmp_path):
    """Runs a predict.py under the page's evaluator; returns the outcome and what the evaluator printed."""

    def run(predict: str, *, sandbox: str = "required"):
        project = Project(tmp_path / "toy", train=TRAIN)
        [evaluator] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
        files = {
            "evaluate.py": evaluator,
            "predict.py": predict.replace("ROOT", str(project.root)),
            ".gitignore": "held_out.txt\n.ar\n",
        }
        for name, text in {**files, "held_out.txt": HELD_OUT}.items():
            (project.root / name).write_text(text)
        commit = project.commit("an evaluator")
        config = Config(
            goal="less error", metric="error", direction="minimize", train="python train.py", evaluate="python evaluate.py",
            budget=10.0, sandbox=sandbox,
        )  # fmt: skip
        runs = RunExecutor(Workspace(project.root), config, folder=project.root / ".ar" / "runs")
        spec = RunSpec(
            session="night", experiment=1, run=1, commit=commit, seed=1, purpose="candidate", by_model=True, locked={},
            device=Device(name="cpu"),
        )  # fmt: skip
        outcome = runs.execute(spec, RunObserver())
        return outcome, (runs.folder("night", 1, 1) / "evaluate.log").read_text()

    return run


def test_an_honest_model_gets_its_number(outcome_of):
    outcome, output = outcome_of(HONEST)

    assert isinstance(outcome, RunFinished), output
    assert outcome.metric == 1.0  # the mean of |2.5 x - 2 x| over x = 1, 2, 3


READS = "for line in open('ROOT/held_out.txt'): print(line.split()[1])\n"


def test_a_model_that_looks_for_the_answers_does_not_find_them(outcome_of):
    outcome, output = outcome_of(READS)

    assert outcome.kind == "crash"
    assert "the model gave 0 answers to 3 questions" in output


def test_control_without_a_sandbox_the_same_model_finds_them(outcome_of):
    outcome, _ = outcome_of(READS, sandbox="none")

    assert outcome.metric == 0.0
