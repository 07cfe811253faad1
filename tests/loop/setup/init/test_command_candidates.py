"""Which command `ar-loop init` takes from a repository's files, and which code that command measures."""

import pytest

from loop.setup.init import code_files
from loop.setup.init.command_candidates import commands

GUARD = 'if __name__ == "__main__":\n    main()\n'
SPEED, LOSS = "the fastest parsing", "the lowest loss"


@pytest.mark.parametrize(
    ("texts", "goal", "line"),
    [
        ({"train.py": "", "plot.py": ""}, LOSS, "python train.py"),
        ({"bigram.py": "", "gpt.py": ""}, "the lowest loss of the bigram model", "python bigram.py"),
        ({"Makefile": "bench: a.o\n\t$(CC) -o $@ $^\nclean:\n\trm *.o\n"}, SPEED, "make bench && ./bench"),
        ({"Makefile": "bench: a\n\t./a --long\n"}, SPEED, "make bench"),
        ({"package.json": '{"scripts": {"bench": "node bench.js", "test": "node t.js"}}'}, SPEED, "node bench.js"),
        ({"package.json": '{"scripts": {"bench": "tsc && node b.js"}}'}, SPEED, "npm run bench"),
        ({"Cargo.toml": "[package]\n"}, LOSS, "cargo run --release"),
        ({"README.md": "```\n$ pip install x\n$ python -m tool.train\n```\n"}, LOSS, "python -m tool.train"),
        ({"README": "    make\n    ./rax --bench\n", "Makefile": "all: rax\n"}, SPEED, "make && ./rax --bench"),
        ({"pkg/__init__.py": "", "pkg/m.py": GUARD, "nn/optim.py": ""}, "the loss of nn/optim", "python nn/optim.py"),
    ],
)
def test_the_likeliest_command_comes_first(texts, goal, line):
    assert commands(texts, python="python", goal=goal)[0] == line


@pytest.mark.parametrize(
    "texts",
    [
        {"README.md": "`python train.py --data <FOLDER>`"},
        {"README.md": "`pip install .`", "Makefile": "clean:\n\trm x\n"},
        {"test_x.py": GUARD, "setup.py": GUARD},
        {"package.json": "not JSON"},
    ],
)
def test_control_a_placeholder_an_installation_and_a_test_are_no_commands(texts):
    assert commands(texts, python="python", goal=LOSS) == []


def test_a_benchmark_measures_what_it_imports_and_is_not_among_it():
    texts = {"bench.js": "import Q from './index.js';\n"}

    files = code_files.measured("node bench.js", texts, ["bench.js", "index.d.ts", "index.js", "other.js"])

    assert files == ["index.js"]


def test_a_program_that_make_builds_measures_the_sources_and_no_tests():
    tree = ["Makefile", "bench.c", "example2.c", "src/set.c", "src/set.h", "tests/unit.c", "tool.py"]

    assert code_files.measured("make bench && ./bench", {}, tree) == ["src/set.c", "src/set.h"]
