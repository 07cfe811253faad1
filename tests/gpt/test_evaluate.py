"""The scorer: its arithmetic, and what it refuses."""

import math
import os
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt import data, evaluate

LOGITS = "return model(tokens.to(target)).float()"


def test_bits_per_byte_of_a_toy_by_hand():
    # given: two words of the toy's language, 'ab' of two bytes and 'c' of one, and a special that is no text
    lengths = np.array([2, 1, 0], dtype=np.int32)
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]], dtype=np.float32)) + 3
    targets = np.array([0, 1, 2], dtype=np.int32)

    nats = evaluate.target_nats(logits, targets)
    bpb, size = evaluate.bits_per_byte(nats, targets, lengths)

    assert size == 3
    assert math.isclose(bpb, (1 + math.log2(1 / 0.8)) / 3, abs_tol=1e-6)


@given(st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=8), st.floats(-100, 100, width=32))
@settings(deadline=None)
def test_a_constant_added_to_all_logits_changes_nothing(row, shift):
    logits, targets = np.array([row], dtype=np.float32), np.array([1], dtype=np.int32)

    assert np.allclose(evaluate.target_nats(logits + shift, targets), evaluate.target_nats(logits, targets), atol=1e-4)


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
def test_one_logit_that_is_not_finite_is_refused(poison):
    logits = np.zeros((40, 3), dtype=np.float32)
    logits[35, 2] = poison

    with pytest.raises(evaluate.Rejected, match="not finite"):
        evaluate.target_nats(logits, np.zeros(40, dtype=np.int32))


def test_the_score_is_that_of_an_independent_computation(trained):
    import torch

    part = data.validation(trained.data)
    count = (len(part.tokens) - 1) // part.context
    tokens = torch.tensor(part.tokens[: count * part.context + 1].astype(np.int64))
    inputs, targets = tokens[:-1].view(count, -1), tokens[1:]
    program = "import sys, torch; from gpt import train; torch.save(train.load_model(sys.argv[1], 'cpu')(torch.load(sys.argv[2])), sys.argv[3])"
    torch.save(inputs, trained.out / "inputs.pt")
    trained.python(program, trained.out / "model.pt", trained.out / "inputs.pt", trained.out / "logits.pt")
    logits = torch.load(trained.out / "logits.pt").double().flatten(0, 1)
    text = targets != data.tokenizer(trained.data).encode_single_token(data.BOS)
    nats = torch.nn.functional.cross_entropy(logits[text], targets[text], reduction="sum").item()
    size = sum(len(data.tokenizer(trained.data).decode_single_token_bytes(t)) for t in targets[text].tolist())

    score = trained.score()

    assert score["bytes"] == size
    assert math.isclose(score["val_bpb"], nats / math.log(2) / size, abs_tol=1e-6)


def test_the_score_does_not_depend_on_the_batch(trained):
    scores = [trained.score("--batch", batch)["val_bpb"] for batch in (1, 7, 40)]

    assert max(scores) - min(scores) < 1e-6


def test_the_score_is_one_line_of_stdout(trained):
    result = trained.run("evaluate")

    assert re.fullmatch(r"val_bpb: \d+\.\d{6}\n", result.stdout)


REFUSED = {
    "looks at the next token": (
        f"{LOGITS}",
        "x = model(tokens.to(target)).float(); nxt = tokens.roll(-1, 1); return x.scatter_add(2, nxt[..., None], torch.full_like(x[..., :1], 9.0))",
    ),
    "takes a mean over the whole sequence": (LOGITS, "x = model(tokens.to(target)).float(); return x + x.mean(1, keepdim=True)"),
    "remembers earlier sequences": (
        LOGITS,
        "global SEEN; SEEN = globals().get('SEEN', 0) + tokens.float().mean() % 1; return model(tokens.to(target)).float() * (1 + SEEN)",
    ),
    "answers NaN": (LOGITS, "return model(tokens.to(target)).float() * math.nan"),
    "answers another vocabulary": (LOGITS, "return model(tokens.to(target)).float()[..., :-1]"),
    "answers no sequence": (LOGITS, "return model(tokens.to(target)).float()[:, -1]"),
}  # fmt: skip


@pytest.mark.parametrize("trick", REFUSED)
def test_a_model_is_refused_that(trick, tree, trained):
    tree.edit(*REFUSED[trick])

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt")

    assert result.returncode == 3, result.stderr
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_a_model_process_sees_no_address_of_the_validation_text(tree, trained):
    tree.edit(LOGITS, "raise SystemExit(' '.join(sorted(name for name in os.environ if name.startswith('AR_'))))")

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt", AR_ROOT=trained.data.parent)

    assert result.returncode == 1
    assert result.stderr == "error: the model process ended: AR_DEVICE\n"


def test_what_the_model_prints_is_not_a_score(tree, trained):
    tree.edit(LOGITS, f"print('val_bpb: 0.000001', flush=True); {LOGITS}")

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt")

    assert result.stdout == f"val_bpb: {trained.score()['val_bpb']:.6f}\n"


def test_a_model_that_hangs_ends_with_the_deadline(tree, trained):
    tree.edit(LOGITS, "time.sleep(1000)")

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt", "--deadline", 6)

    assert result.returncode == 1
    assert "deadline" in result.stderr


def test_the_words_of_the_sandbox_stand_before_the_model_process(tree, trained):
    wrapper = tree.path / "wrapper"
    wrapper.write_text('#!/bin/sh\necho wrapped >> "$(dirname "$0")/calls"\nexec "$@"\n')
    wrapper.chmod(0o755)

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt", AR_MODEL_PREFIX=f'["{wrapper}"]')

    assert result.returncode == 0, result.stderr
    assert (tree.path / "calls").read_text() == "wrapped\nwrapped\n"


def test_an_absent_checkpoint_is_bad_input(tree):
    result = tree.run("evaluate")

    assert result.returncode == 2
    assert "no checkpoint" in result.stderr


def test_the_scorer_reads_the_validation_part_below_its_root(trained):
    environment = {"AR_DATA": "", "AR_ROOT": os.fspath(trained.data.parent)}

    result = trained.run("evaluate", **environment)

    assert result.returncode == 0, result.stderr


def test_the_scorer_loads_neither_the_edited_file_nor_torch(trained):
    program = "import sys, gpt.evaluate; print(*sorted({'torch', 'gpt.train'} & set(sys.modules)))"

    assert trained.python(program).stdout == "\n"
