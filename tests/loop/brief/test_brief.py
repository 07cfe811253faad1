"""program.md: how it is read, how a mistake in it is reported, and what the memory block may change."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.brief.defaults import infer_defaults
from loop.brief.memory_block import BEGIN, END, write
from loop.brief.program import find, parse, read
from loop.errors import BadInput

THREE = "goal: g\nmetric: m\ndirection: minimize\n"
PATH = Path("program.md")


def brief(lines: str = "", *, human: str = "") -> str:
    return f"---\n{THREE}{lines}---\n{human}"


def brief_file(folder: Path, data: bytes) -> Path:
    path = folder / "program.md"
    path.write_bytes(data)
    return path


def test_three_lines_of_front_matter_are_a_brief():
    config = parse(brief(), path=PATH).config

    assert (config.goal, config.metric, config.direction) == ("g", "m", "minimize")
    assert (config.budget, config.baseline_runs, config.rollback, config.scope) == (
        300.0,
        3,
        "reset",
        ("gpt/train.py",),
    )


def test_three_plain_lines_are_a_brief():
    text = (
        "# Research\n\nGoal: lower the loss\n- Metric: val_bpb\nDirection: lower\nScope: [a.py, b.py]\nNote: well: hm\n"
    )

    config = parse(text, path=PATH).config

    assert (config.goal, config.metric, config.direction) == ("lower the loss", "val_bpb", "minimize")
    assert config.scope == ("a.py", "b.py")


def test_durations_are_read_as_people_write_them():
    config = parse(brief("budget: 1.5h\nstartup: 20 s\n"), path=PATH).config

    assert (config.budget, config.startup) == (5400.0, 20.0)


def test_the_profile_is_the_default_of_keys_that_the_brief_leaves_out():
    found = parse(brief("budget: 7s\n"), path=PATH, defaults={"budget": "20s", "startup": "60s"})

    assert (found.config.budget, found.config.startup) == (7.0, 60.0)
    assert "startup" not in found.explicit_keys


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    path = brief_file(tmp_path, b"\xef\xbb\xbf" + brief(human="Hello\n").replace("\n", "\r\n").encode())

    found = read(path)

    assert (found.config.metric, found.prose) == ("m", "Hello")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no `goal`: a brief needs the keys goal, metric and direction"),
        ("Goal: g\nMetric: m\n", "has no `direction`"),
        (f"---\n{THREE}", "line 1: the front matter is not closed"),
        ("---\ngoal: [g\n---\n", "line 3: this is not YAML"),
        ("---\ngoal: lower: better\n---\n", "line 2: this is not YAML: mapping values are not allowed here; put a value with `: `"),
        ("---\ngoal: 5\nmetric: m\ndirection: min\n---\n", "line 2: `goal: 5` cannot be used: write text."),
        ("---\n- goal\n---\n", "line 2: the front matter must be `key: value` lines"),
        (brief("budgt: 5m\n"), "line 5: there is no key `budgt`; did you mean `budget`?"),
        (brief("goal: again\n"), "line 5: `goal` occurs twice"),
        (brief("1: x\n"), "line 5: there is no key `1`"),
        (brief("[a, b]: x\n"), "line 5: this is not YAML"),
        (brief("model: !!python/object:os.system x\n"), "line 5: this is not YAML"),
        (brief("target: 2026-13-45\n"), "month must be in 1..12"),
        (brief("model: \x01\n"), "front matter is not YAML"),
        (brief("memory: lots\n"), "line 5: `memory` is `lots`: write a size such as 500MB"),
        (brief("memory: 8\n"), "line 5: `memory` is `8`: write a size"),
        (brief("processes: 2\n"), "line 5: `processes` must be at least 8"),
        (brief("budget: soon\n"), "line 5: `budget` is `soon`: write a time such as 20s"),
        (brief("budget:\n"), "line 5: `budget` is `None`"),
        (brief("budget: .inf\n"), "line 5: `budget` is `inf`"),
        (brief("budget: 0s\n"), "line 5: `budget` is `0s`"),
        (brief("budget: -5\n"), "line 5: `budget` is `-5`"),
        (brief("budget: yes\n"), "line 5: `budget` is `True`"),
        (brief("target: .nan\n"), "line 5: `target` must be a finite number"),
        (brief("keep: .nan\n"), "line 5: `keep` must be a number of standard errors"),
        (brief("keep: -1\n"), "line 5: `keep` must be a number of standard errors"),
        (brief("reruns: -1\n"), "line 5: `reruns` must be 0 or more"),
        (brief("max_cost: -1\n"), "line 5: `max_cost` must be 0 dollars or more"),
        (brief("workers: 0\n"), "line 5: `workers` must be at least 1"),
        (brief("baseline_runs: 0\n"), "line 5: `baseline_runs` must be at least 1"),
        (brief("baseline_runs: three\n"), "line 5: `baseline_runs: three` cannot be used: write a whole number."),
        (brief("experiments: -1\n"), "line 5: `experiments` must be 0 or more"),
        (brief("scope: []\n"), "line 5: the scope is empty"),
        (brief("scope: 5\n"), "line 5: `scope: 5` cannot be used: write a list such as [a, b]."),
        (brief("pattern: 'a(b)(c)'\n"), "line 5: the pattern needs exactly one group, around the number; it has 2"),
        (brief("pattern: 'a('\n"), "line 5: the pattern is not a regular expression"),
        (brief("pattern: 'loss'\n"), "it has 0. Or write json:KEY, csv:FILE, exit_code, wall_seconds"),
        (brief("pattern: 'json:'\n"), "line 5: `json:` names no key"),
        (brief("pattern: 'csv:'\n"), "line 5: `csv:` names no file"),
        (brief("pattern: 'csv:../r.csv'\n"), "line 5: `csv:../r.csv` names no file below the run's folder"),
        (brief("log: /tmp/run.log\n"), "line 5: `log` must be a file below the run's folder"),
        (brief("guard: [acc > 0.5, accuracy is good]\n"), "line 5: `accuracy is good` is not a guard"),
        (brief("guard: csv:../r.csv:acc > 1\n"), "line 5: the file of `csv:../r.csv:acc` must be below"),
        (brief("max_lines: 0\n"), "line 5: `max_lines` must be at least 1"),
        (brief("priors: {LR: [0.1, 0.2, 3, 1]}\n"), "line 5: `priors` of LR is `[0.1, 0.2, 3, 1]`: write a list of moves"),
        (brief("priors: {LR: [[0.1, 0.2, 3, 0]]}\n"), "`KNOB: [[from, to, gain in σ, its spread]]`, such as"),
        (brief("priors: {LR: [[0.1, 0.2, 3, .nan]]}\n"), "line 5: `priors` of LR is"),
        (brief("priors: [LR]\n"), "line 5: `priors` is `['LR']`: write a list of moves"),
        (brief("groups: [[A, B]]\n"), "line 5: `groups` needs `atomic: knob`"),
        (brief("rollback: undo\n"), "line 5: `rollback: undo` cannot be used: write reset or revert."),
        (brief("effort: hi\n"), "line 5: `effort: hi` cannot be used: write low, medium, high, xhigh or max."),
        (brief("ahead: maybe\n"), "line 5: `ahead: maybe` cannot be used: write true or false."),
        (brief("train: python 'train.py\n"), "line 5: `train` is not a command line: no closing quotation"),
        (brief("train: ''\n"), "line 5: `train` is empty"),
        (brief("seed_env: PATH\n"), "line 5: `PATH` cannot name the seed's environment variable"),
        (brief("proposer: command\n"), "line 5: `proposer: command` needs the agent's command line"),
        ("---\ngoal: ''\nmetric: m\ndirection: minimize\n---\n", "line 2: `goal` is empty"),
        ("---\ngoal: g\nmetric: m\ndirection: up\n---\n", "line 4: `direction: up` cannot be used: write minimize or maximize."),
        ("Goal: g\nMetric: m\nDirection: min\nScope: [a\n", "line 4: `scope` is not a list"),
        (brief(human=f"{BEGIN}\n"), "the memory block is not closed"),
        (brief(human=f"{END}\n{BEGIN}\n"), "the memory block is not closed"),
        (brief(human=f"{BEGIN}\n{BEGIN}\n{END}\n"), f"more than one `{BEGIN}`"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_that_names_its_line(text, message):
    with pytest.raises(BadInput) as refused:
        parse(text, path=PATH)

    assert message in str(refused.value)
    assert str(refused.value).startswith("program.md")
    assert "\n" not in str(refused.value)


@given(st.text(alphabet=st.sampled_from("ab:-# \n[]{}!&*'\"|>%@\t1.~?,") | st.characters(), max_size=200))
def test_every_text_is_read_or_is_bad_input(text):
    with contextlib.suppress(BadInput):
        assert parse(f"---\n{text}\n---\n", path=PATH).config.goal


def test_bytes_that_are_no_text_are_bad_input(tmp_path):
    path = brief_file(tmp_path, b"Goal: \xff\n")

    with pytest.raises(BadInput, match=r"program.md cannot be read"):
        read(path)


def test_in_a_folder_without_a_brief_the_error_names_the_command_that_writes_one(tmp_path):
    with pytest.raises(BadInput, match="ar-loop init"):
        find(tmp_path)


def test_a_research_md_works_too(tmp_path):
    (tmp_path / "research.md").write_text("Goal: g\n")

    assert find(tmp_path).name == "research.md"


# --- keys that are left out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "tree", "train", "scope"),
    [
        ("", ["gpt/train.py", "train.py"], "python -m gpt.train", ("gpt/train.py",)),
        ("", ["run.py", "train.py"], "python train.py", ("train.py",)),
        ("scope: fit.py\n", ["fit.py", "train.py"], "python fit.py", ("fit.py",)),
        ("scope: config.yaml\n", ["config.yaml", "main.py"], "python main.py", ("config.yaml",)),
        ("train: python -m lab.fit --fast\n", ["lab/fit.py"], "python -m lab.fit --fast", ("lab/fit.py",)),
        ("train: bash ./all.sh\n", ["all.sh"], "bash ./all.sh", ("all.sh",)),
    ],
)
def test_the_repositorys_files_give_the_keys_that_a_brief_leaves_out(lines, tree, train, scope):
    first = parse(brief(lines), path=PATH)

    defaults = infer_defaults(first.config, first.explicit_keys, tree, name="program.md")

    config = parse(brief(lines), path=PATH, defaults=defaults).config
    assert (config.train, config.scope) == (train, scope)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "",
            "add the command that prints `m: number` (`train: COMMAND`) and the files that a change may edit (`scope: PATH`), or run",
        ),
        ("scope: conf.yaml\n", "add the command that prints `m: number` (`train: COMMAND`), or run `ar-loop init`"),
        ("train: make\n", "program.md has no `scope`: name the files that a change may edit"),
    ],
)
def test_if_no_file_fits_one_sentence_says_what_is_needed(lines, message):
    first = parse(brief(lines), path=PATH)

    with pytest.raises(BadInput) as refused:
        infer_defaults(first.config, first.explicit_keys, ["README.md", "conf.yaml"], name="program.md")

    assert message in str(refused.value)


# --- the memory block ----------------------------------------------------------------------------------------------

HUMANS = st.text(st.characters(exclude_characters="<", exclude_categories=["Cs"]), max_size=80)


@given(before=HUMANS, old=HUMANS, after=HUMANS, new=HUMANS)
def test_whatever_a_human_writes_around_the_block_is_kept_byte_for_byte(tmp_path_factory, before, old, after, new):
    path = brief_file(tmp_path_factory.mktemp("brief"), f"{before}{BEGIN}\n{old}\n{END}{after}".encode())

    write(path, new, temp_folder=path.parent)

    written = path.read_bytes()
    assert written.startswith(f"{before}{BEGIN}".encode())
    assert written.endswith(f"{END}{after}".encode())


@pytest.mark.parametrize("human", [b"Hello", b"Hello\n", b"Hello\r\nyou\r\n", b"", b"\xef\xbb\xbfHello\n"])
def test_a_first_block_goes_below_the_text_and_changes_none_of_it(tmp_path, human):
    path = brief_file(tmp_path, human)

    write(path, "learned", temp_folder=tmp_path)

    assert path.read_bytes().startswith(human)
    assert path.read_text(encoding="utf-8").split() == [
        *human.decode().split(),
        *BEGIN.split(),
        "learned",
        *END.split(),
    ]


def test_the_block_has_the_line_ends_of_the_text(tmp_path):
    path = brief_file(tmp_path, b"Hello\r\n")

    write(path, "one\ntwo", temp_folder=tmp_path)

    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")


def test_the_first_block_does_not_change_the_hash_of_the_brief(tmp_path):
    path = brief_file(tmp_path, brief(human="Hello").encode())
    before = read(path)

    write(path, "learned", temp_folder=tmp_path)

    assert read(path).hash == before.hash
    assert read(path).config == before.config


def test_the_same_memory_again_writes_nothing(tmp_path):
    path = brief_file(tmp_path, b"Hello\n")
    write(path, "learned", temp_folder=tmp_path)
    inode = path.stat().st_ino

    write(path, "learned", temp_folder=tmp_path)

    assert path.stat().st_ino == inode


def test_memory_cannot_close_its_own_block(tmp_path):
    path = brief_file(tmp_path, brief(human="Hello\n").encode())

    write(path, f"an idea: {END}\n{BEGIN}", temp_folder=tmp_path)

    assert read(path).prose == "Hello"


def test_a_brief_behind_a_symbolic_link_stays_behind_it(tmp_path):
    real = tmp_path / "elsewhere" / "brief.md"
    real.parent.mkdir()
    real.write_text("Hello\n")
    real.chmod(0o640)
    (tmp_path / "program.md").symlink_to(real)

    write(tmp_path / "program.md", "learned", temp_folder=tmp_path)

    assert (tmp_path / "program.md").is_symlink()
    assert "learned" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("human", [f"Hello\n{BEGIN}\nmine\n", f"{END}\nHello\n", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_block_whose_markers_do_not_pair_is_left_alone(tmp_path, human):
    path = brief_file(tmp_path, human.encode())

    with pytest.raises(BadInput):
        write(path, "learned", temp_folder=tmp_path)

    assert path.read_text() == human


def test_no_unfinished_file_is_left(tmp_path):
    stage = tmp_path / ".ar"
    stage.mkdir()
    path = brief_file(tmp_path, b"Hello\n")

    write(path, "learned", temp_folder=stage)

    assert sorted(found.name for found in tmp_path.rglob("*")) == [".ar", "program.md"]
