"""Text from checkpoints, and which of them cannot give any."""

import shutil

import pytest

from gpt import sample


@pytest.fixture
def sampled(tree, trained, monkeypatch, capsys):
    """Sample in a tree whose loop has a best checkpoint; (exit code, stdout, stderr)."""
    (tree.path / ".ar" / "best").mkdir(parents=True)
    shutil.copy(trained.out / "model.pt", tree.path / ".ar" / "best")
    (tree.path / "torn.pt").write_bytes(b"PK\x03\x04 and no more")
    monkeypatch.chdir(tree.path)
    monkeypatch.setenv("AR_DATA", str(tree.data))
    monkeypatch.setenv("AR_DEVICE", "cpu")

    def run(*arguments):
        code = sample.main(["--code", "gpt/train.py", "--tokens", "5", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def test_the_same_seed_continues_the_best_checkpoint_alike(sampled):
    first, again = sampled("--prompt", "def main("), sampled("--prompt", "def main(")

    assert first == again
    assert (first[0], first[2]) == (0, "")
    assert first[1].startswith("def main(")


def test_a_checkpoint_of_other_code_needs_that_code(sampled, tree):
    shutil.copy(tree.path / "gpt" / "train.py", tree.path / "then.py")
    tree.edit("    rope_base: float = ROPE_BASE\n", "    wavelength: float = ROPE_BASE\n")

    now, then = sampled(), sampled("--code", "then.py")

    assert now[:2] == (2, "")
    assert "does not fit" in now[2]
    assert "git show refs/autoresearch/" in now[2]
    assert len(now[2].splitlines()) == 1
    assert (then[0], then[2]) == (0, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--checkpoint", "torn.pt"], "torn.pt does not fit"),
        (["--checkpoint", "absent.pt"], "no checkpoint at absent.pt"),
        (["--code", "absent.py"], "absent.py cannot be loaded"),
        (["--code", "torn.pt"], "torn.pt is no Python file"),
    ],
)
def test_what_gives_no_text_is_one_sentence(sampled, words, said):
    code, out, err = sampled(*words)

    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
