"""The way in from a console: whenever it is interrupted and whoever stops reading, nobody sees a traceback."""

import signal
import subprocess
import sys

import pytest

SLOW = "print('importing', flush=True)\nimport time; time.sleep(60)"
BUSY = "def main():\n    print('working', flush=True)\n    import time; time.sleep(60)"
CHATTY = "def main():\n    while True: print('a line of data')"
LATE = "import sys\ndef main():\n    print('x' * 100)\n    sys.exit(0)"  # printed when the interpreter ends


def started(folder, text):
    (folder / "stage.py").write_text(text)
    code = (
        f"import sys; sys.path.append({str(folder)!r}); from journal.console.entry import run_main; run_main('stage')"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("text", [SLOW, BUSY], ids=["while it imports", "while it works"])
def test_ctrl_c_ends_it_without_a_word(tmp_path, text):
    with started(tmp_path, text) as command:
        command.stdout.readline()

        command.send_signal(signal.SIGINT)

        assert (command.communicate()[1], command.returncode) == ("", 130)


@pytest.mark.parametrize("text", [CHATTY, LATE], ids=["while it prints", "at its end"])
def test_a_reader_that_leaves_ends_it_without_a_word(tmp_path, text):
    with started(tmp_path, text) as command:
        command.stdout.close()

        assert (command.stderr.read(), command.wait()) == ("", 1)
