"""A good command ends well, whatever its standard streams are: closed, full, or of another encoding."""

import subprocess
import sys

import pytest

SPEAKS = """
import sys
def main():
    print("σ ─ \\ud800 data")
    print("a note", file=sys.stderr)
    open("journal.db", "w").write("only this")
    sys.stdin.read()
    return 0
"""
CONTROL = "import stage; raise SystemExit(stage.main())"
COMMAND = "from journal.console.entry import run_main; run_main('stage')"


def ended(folder, redirect, *, code=COMMAND, **environ):
    (folder / "stage.py").write_text(SPEAKS)
    enter = f"import os, sys; sys.path += [{str(folder)!r}, {sys.path[0]!r}]; os.chdir({str(folder)!r}); {code}"
    line = f'PYTHONPATH="{":".join(sys.path)}" {" ".join(f"{name}={value}" for name, value in environ.items())}'
    line += f" '{sys.executable}' -c \"$CODE\" {redirect}"
    return subprocess.run(
        ["bash", "-c", line], env={"CODE": enter}, capture_output=True, text=True, check=False, input=""
    )


@pytest.mark.parametrize(
    ("redirect", "stdout", "stderr"),
    [
        ("", "σ ─ \\ud800 data\n", "a note\n"),
        ("2>&-", "σ ─ \\ud800 data\n", ""),
        (">&-", "", "a note\n"),
        ("<&-", "σ ─ \\ud800 data\n", "a note\n"),
        ("<&- >&- 2>&-", "", ""),
        ("2>/dev/full", "σ ─ \\ud800 data\n", ""),
    ],
)
def test_a_command_ends_well_without_a_stream(tmp_path, redirect, stdout, stderr):
    result = ended(tmp_path, redirect)

    assert (result.returncode, result.stdout, result.stderr) == (0, stdout, stderr)
    assert (tmp_path / "journal.db").read_text() == "only this"


def test_a_character_that_the_encoding_lacks_is_its_code(tmp_path):
    result = ended(tmp_path, "", PYTHONIOENCODING="ascii")

    assert (result.returncode, result.stdout) == (0, "\\u03c3 \\u2500 \\ud800 data\n")


def test_data_that_cannot_be_written_is_one_sentence_and_no_success(tmp_path):
    result = ended(tmp_path, ">/dev/full")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.endswith(
        "error: The output cannot be written: No space left on device: correct that, then try again.\n"
    )


@pytest.mark.parametrize(
    ("redirect", "environ"),
    [("2>/dev/full", {}), ("", {"PYTHONIOENCODING": "ascii"}), (">/dev/full", {}), ("<&-", {})],
    ids=["full stderr", "encoding", "full stdout", "closed stdin"],
)
def test_control_the_same_program_by_itself_fails(tmp_path, redirect, environ):
    result = ended(tmp_path, redirect, code=CONTROL, **environ)

    assert result.returncode != 0


def test_control_without_the_preparation_a_file_gets_the_place_of_a_closed_stream_and_its_messages(tmp_path):
    code = "file = open('journal.db', 'w'); import os; os.write(2, b'a message'); print(file.fileno())"

    result = ended(tmp_path, "2>&-", code=code)

    assert result.stdout == "2\n"
    assert (tmp_path / "journal.db").read_text() == "a message"
