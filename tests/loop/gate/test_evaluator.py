"""No change may edit or create what the evaluator executes."""

from types import SimpleNamespace

import pytest

from loop.brief.scope import Scope
from loop.gate.evaluator import evaluators, scope_refusal

INSTALLED = {"json", "numpy", "os", "encodings"}
HIDDEN_IMPORT = {"evaluate.py": "import train", "train.py": ""}

IN_SCOPE = {
    "an import in a function": ("python evaluate.py", {"evaluate.py": "def f():\n    import train", "train.py": ""}),
    "a relative import": ("python -m ev.evaluate", {"ev/evaluate.py": "from .train import x", "ev/train.py": ""}),
    "import_module": ("python e.py", {"e.py": "import importlib\nimportlib.import_module('train')", "train.py": ""}),
    "its other name": ("python e.py", {"e.py": "from importlib import import_module as i\ni('train')", "train.py": ""}),
    "a keyword": ("python e.py", {"e.py": "__import__(name='train')", "train.py": ""}),
    "run_path": ("python e.py", {"e.py": "import runpy\nrunpy.run_path('train.py')", "train.py": ""}),
    "exec": ("python e.py", {"e.py": "exec(open('train.py').read())", "train.py": ""}),
    "a loader": ("python e.py", {"e.py": "import importlib.util as u\nu.spec_from_file_location('t', 'train.py')", "train.py": ""}),
    "sys.path": ("python e.py", {"e.py": "import sys\nsys.path.insert(0, 'src')\nimport train", "src/train.py": ""}),
    "-c": ("python -c 'import train'", {"train.py": ""}),
    "options": ("python -O -X dev -m ev.evaluate", {"ev/evaluate.py": "import train", "train.py": ""}),
    "sh -c": ("sh -c 'python evaluate.py'", HIDDEN_IMPORT),
    "a pipe": ("python evaluate.py | tail -1", HIDDEN_IMPORT),
    "a redirection": ("python evaluate.py > out.txt", HIDDEN_IMPORT),
    "env": ("env A=1 python evaluate.py", HIDDEN_IMPORT),
    "timeout": ("timeout 60 python3.11 evaluate.py", HIDDEN_IMPORT),
    "uv": ("uv run evaluate.py", HIDDEN_IMPORT),
    "another folder": ("cd ev && python evaluate.py", {"ev/evaluate.py": "import train", "ev/train.py": ""}),
    "a shell script": ("bash ev.sh", {"ev.sh": "set -e\npython evaluate.py\n", **HIDDEN_IMPORT}),
    "a makefile": ("make evaluate", {"Makefile": "evaluate:\n\t@$(BIN)/python evaluate.py\n", **HIDDEN_IMPORT}),
    "pytest's settings": ("python -m pytest ev", {"ev/test_it.py": "", "train.toml": "", "setup.cfg": ""}),
}  # fmt: skip
CREATED = {
    "a module of the standard library": ("python ev/evaluate.py", {"ev/evaluate.py": "import json"}, "ev/json.py"),
    "a package of that name": ("python ev/evaluate.py", {"ev/evaluate.py": "import json"}, "ev/json/__init__.py"),
    "what Python imports itself": ("python evaluate.py", {"evaluate.py": ""}, "sitecustomize.py"),
    "an installed package": ("python evaluate.py", {"evaluate.py": ""}, "numpy.py"),
    "`__init__.py` of a namespace": ("python -m ev.evaluate", {"ev/evaluate.py": ""}, "ev/__init__.py"),
    "a package before a module": ("python e.py", {"e.py": "import own", "own.py": ""}, "own/__init__.py"),
    "below an added folder": ("python e.py", {"e.py": "import sys\nsys.path.append('src')", "src/a.py": ""}, "src/numpy.py"),
    "bytecode": ("python e.py", {"e.py": "import own", "own.py": ""}, "__pycache__/own.cpython-311.pyc"),
    "the makefile that make prefers": ("make evaluate", {"Makefile": "evaluate:\n\ttrue\n"}, "GNUmakefile"),
    "a test": ("python -m pytest ev", {"ev/test_it.py": ""}, "ev/test_other.py"),
    "conftest": ("pytest ev", {"ev/test_it.py": ""}, "ev/conftest.py"),
}  # fmt: skip


def found(command, files):
    return evaluators([command], files, lambda path: files[path])


def scope(files, patterns):
    return Scope(patterns=patterns, tree={path: SimpleNamespace(mode="100644") for path in files})


@pytest.mark.parametrize(("command", "files"), IN_SCOPE.values(), ids=IN_SCOPE)
def test_a_scope_with_a_file_that_the_evaluator_executes_is_refused(command, files):
    refusal = scope_refusal(found(command, files), scope(files, ("**/train.py", "setup.cfg")))

    assert "so a change could fake the metric" in refusal


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("python evaluate.py", {"evaluate.py": "import json", "train.py": ""}),
        ("python evaluate.py", {"evaluate.py": "import subprocess\nsubprocess.run(['python', 'train.py'])", "train.py": ""}),
        ("bash ev.sh | tee log", {"ev.sh": "python evaluate.py", "evaluate.py": "", "train.py": ""}),
        ("make evaluate", {"Makefile": "evaluate:\n\tpython e.py\n", "e.py": "open('train.py').read()", "train.py": ""}),
    ],
)  # fmt: skip
def test_control_a_scope_beside_the_evaluator_is_allowed(command, files):
    assert scope_refusal(found(command, files), scope(files, ("train.py",))) is None


@pytest.mark.parametrize(("command", "files", "path"), CREATED.values(), ids=CREATED)
def test_a_new_file_that_the_evaluator_would_execute_is_refused(command, files, path):
    (evaluator,) = found(command, files)

    assert evaluator.refusal(path, files, lambda: INSTALLED) is not None
    assert evaluator.refusal("models/new_model.py", files, lambda: INSTALLED) is None
