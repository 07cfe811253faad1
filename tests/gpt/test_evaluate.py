"""The scorer: its arithmetic, and what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt import data, evaluate

LOGITS = "return model(tokens.to(target)).float()"


@pytest.fixture(scope="session")
def scored(trained):
    return trained.score()


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


def test_the_score_is_that_of_an_independent_computation(trained, scored):
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

    assert scored["bytes"] == size
    assert math.isclose(scored["val_bpb"], nats / math.log(2) / size, abs_tol=1e-6)


class Bigrams:
    """A causal model in this process: logits of the next token from a table."""

    def __init__(self, vocabulary):
        self.table = np.random.default_rng(7).normal(size=(vocabulary, vocabulary)).astype(np.float32)

    def ask(self, tokens):
        return self.table[tokens]


class LooksAtTheNextToken(Bigrams):
    def ask(self, tokens):
        logits = super().ask(tokens)
        np.put_along_axis(logits, np.roll(tokens, -1, axis=1)[..., None], 9.0, axis=2)
        return logits


class Peeks(Bigrams):
    """Adds a little to the logit of the token that comes next, where it is in the sequence: few nats, every time."""

    def __init__(self, vocabulary, *, nats=0.2):
        super().__init__(vocabulary)
        self.nats = nats

    def ask(self, tokens):
        logits = super().ask(tokens)
        ahead = tokens[:, 1:, None]
        raised = np.take_along_axis(logits[:, :-1], ahead, axis=2) + np.float32(self.nats)
        np.put_along_axis(logits[:, :-1], ahead, raised, axis=2)
        return logits


class PeeksSeldom(Peeks):
    """As `Peeks`, at one token in fifty."""

    def ask(self, tokens):
        rare = (tokens * 31 + np.roll(tokens, 1, axis=1)) % 50 == 0
        return np.where(rare[..., None], super().ask(tokens), Bigrams.ask(self, tokens))


class TakesAMeanOverTheSequence(Bigrams):
    def ask(self, tokens):
        logits = super().ask(tokens)
        return logits + logits.mean(axis=1, keepdims=True)


class TakesAMeanOverTheBatch(Bigrams):
    def ask(self, tokens):
        logits = super().ask(tokens)
        return logits + logits.mean(axis=0, keepdims=True)


class LearnsFromEarlierSequences(Bigrams):
    def ask(self, tokens):
        logits = super().ask(tokens)
        np.add.at(self.table, (tokens[:, :-1], tokens[:, 1:]), 0.3)
        return logits


class AnswersNaN(Bigrams):
    def ask(self, tokens):
        return super().ask(tokens) * math.nan


class ShowsTheCheckAnotherAnswer(LooksAtTheNextToken):
    """Shared memory that changes once it has been read, as a process that answers through it could make it."""

    def ask(self, tokens):
        return Fickle([Bigrams.ask(self, tokens), super().ask(tokens)])


class Fickle:
    def __init__(self, contents):
        self.contents = contents

    def __array__(self, dtype=None, copy=None):
        return self.contents.pop(0)


@pytest.fixture(scope="session")
def part(data_folder):
    return data.validation(data_folder)


@pytest.fixture(scope="session")
def long_part():
    """Four hundred windows of random tokens, one byte each."""
    tokens = np.random.default_rng(3).integers(0, 300, size=400 * 16 + 1).astype(np.uint16)
    return data.Validation(tokens=tokens, token_bytes=np.ones(300, dtype=np.int32), context=16)


@pytest.mark.parametrize("batch", [1, 3, 7, 40, 1000])
def test_the_score_does_not_depend_on_the_batch(part, batch):
    expected, size = evaluate.examine(Bigrams(300), Bigrams(300), part, batch=40)

    bpb, same_size = evaluate.examine(Bigrams(300), Bigrams(300), part, batch=batch)

    assert math.isclose(bpb, expected, abs_tol=1e-9)
    assert same_size == size


def test_what_is_checked_is_what_is_summed(part):
    honest = evaluate.examine(Bigrams(300), Bigrams(300), part, batch=40)

    assert evaluate.examine(ShowsTheCheckAnotherAnswer(300), Bigrams(300), part, batch=40) == honest


@pytest.mark.parametrize(
    "trick",
    [
        Peeks,
        LooksAtTheNextToken,
        TakesAMeanOverTheSequence,
        TakesAMeanOverTheBatch,
        LearnsFromEarlierSequences,
        AnswersNaN,
    ],
)
def test_what_no_causal_model_answers_is_refused(part, trick):
    with pytest.raises(evaluate.Rejected):
        evaluate.examine(trick(300), trick(300), part, batch=8)


def test_what_a_model_gains_by_looking_ahead_within_rounding_is_taken_off_its_score(long_part):
    honest, size = evaluate.examine(Bigrams(300), Bigrams(300), long_part, batch=40)
    inputs, targets = evaluate.windows(long_part)
    nats = evaluate.all_nats(Peeks(300, nats=4e-4), inputs, targets, 40)
    claimed, _ = evaluate.bits_per_byte(nats.ravel(), targets.ravel(), long_part.token_bytes)

    scored, same_size = evaluate.examine(Peeks(300, nats=4e-4), Peeks(300, nats=4e-4), long_part, batch=40)

    assert honest - claimed > 2e-4
    assert abs(scored - honest) < (honest - claimed) / 10
    assert same_size == size


def test_a_model_that_looks_ahead_seldom_is_refused_or_gains_nothing_on_average(long_part):
    honest, _ = evaluate.examine(Bigrams(300), Bigrams(300), long_part, batch=40)
    inputs, targets = evaluate.windows(long_part)
    nats = evaluate.all_nats(PeeksSeldom(300, nats=0.45), inputs, targets, 40)
    claimed, _ = evaluate.bits_per_byte(nats.ravel(), targets.ravel(), long_part.token_bytes)

    scores = [outcome(PeeksSeldom(300, nats=0.45), long_part) for _ in range(20)]

    refused = scores.count(None)
    assert honest - claimed > 2e-3
    assert refused > 10
    assert all(score > claimed for score in scores if score is not None)


class Noisy(Bigrams):
    """A witness that never answers the same twice."""

    def ask(self, tokens):
        logits = np.array(super().ask(tokens))
        return logits + np.random.default_rng().normal(0, 0.05, size=logits.shape).astype(np.float32)


def test_a_witness_that_guesses_makes_no_score_better_than_what_was_answered(long_part):
    honest, _ = evaluate.examine(Bigrams(300), Bigrams(300), long_part, batch=40)

    scores = [evaluate.examine(Bigrams(300), Noisy(300), long_part, batch=40)[0] for _ in range(20)]

    assert min(scores) == honest  # half of the guesses are worth nothing
    assert max(scores) > honest  # the other half cost something, so the guesses do act


def outcome(model, part):
    try:
        return evaluate.examine(model, model, part, batch=40)[0]
    except evaluate.Rejected:
        return None


def test_every_window_is_probed_once_and_no_token_is_shown_before_it_is_asked_for(long_part):
    inputs, targets = evaluate.windows(long_part)

    probes = evaluate.draw_probes(inputs, 40, 300)

    rows = np.concatenate([probe.rows for probe in probes])
    shown = np.zeros(targets.shape, dtype=bool)  # of the targets: the successor's first token is a window's last target
    assert len(set(rows)) == len(rows) >= len(inputs) * 0.9
    places = np.arange(inputs.shape[1])
    for probe in probes:
        shown[probe.rows] |= places < probe.cuts[:, None] - 1
        shown[probe.rows[probe.rows > 0] - 1, -1] = True
        own = places < probe.cuts[:, None]
        assert not shown[probe.rows, probe.cuts - 1].any()
        assert (probe.inputs[: len(probe.rows)][own] == inputs[probe.rows][own]).all()


def test_each_place_of_a_window_is_asked_about_equally_often():
    inputs = np.random.default_rng(1).integers(0, 300, size=(400, 8), dtype=np.int32)

    probes = evaluate.draw_probes(inputs, 40, 300)

    counts = np.bincount(np.concatenate([probe.cuts for probe in probes]), minlength=9)[1:]
    assert (counts[:-1] == 50).all()
    assert 10 <= counts[-1] <= 50  # a window that is shown whole may not be asked


def test_a_model_that_looks_ahead_has_no_score(tree, trained):
    peek = "x = model(tokens.to(target)).float()"
    peek += "; return x.scatter_add(2, tokens.to(target).roll(-1, 1)[..., None], torch.full_like(x[..., :1], 0.4))"
    tree.edit(LOGITS, peek)

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt")

    assert result.returncode == 3
    assert result.stdout == ""
    assert result.stderr.startswith("error: not causal: ")
    assert len(result.stderr.splitlines()) == 1


def test_logits_of_another_shape_are_refused(tree, trained):
    tree.edit(LOGITS, "return model(tokens.to(target)).float()[..., :-1]")

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt")

    assert result.returncode == 3
    assert "299" in result.stderr


def test_the_processes_score_alike_in_another_batch(trained, scored):
    assert math.isclose(trained.score("--batch", 7)["val_bpb"], scored["val_bpb"], abs_tol=1e-6)


def test_a_model_process_sees_no_address_of_the_validation_text(tree, trained):
    tree.edit(LOGITS, "raise SystemExit(' '.join(sorted(name for name in os.environ if name.startswith('AR_'))))")

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt", AR_ROOT=trained.data.parent)

    assert result.returncode == 1
    assert result.stderr == "error: the model process ended: AR_DEVICE\n"


def test_the_score_is_one_line_of_stdout_whatever_the_model_prints(tree, trained, scored):
    tree.edit(LOGITS, f"print('val_bpb: 0.000001', flush=True); {LOGITS}")

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt")

    assert result.stdout == f"val_bpb: {scored['val_bpb']:.6f}\n"


def test_a_model_that_hangs_ends_with_the_deadline(tree, trained):
    tree.edit(LOGITS, "time.sleep(1000)")

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt", "--deadline", 6)

    assert result.returncode == 1
    assert "deadline" in result.stderr


def test_the_scorer_finds_its_data_below_the_root(tree, trained, scored):
    places = {"AR_DATA": "", "AR_ROOT": trained.data.parent}

    result = tree.run("evaluate", "--checkpoint", trained.out / "model.pt", **places)

    assert result.stdout == f"val_bpb: {scored['val_bpb']:.6f}\n"


def test_an_absent_checkpoint_is_bad_input(tree):
    result = tree.run("evaluate")

    assert result.returncode == 2
    assert "no checkpoint" in result.stderr


def test_the_scorer_loads_neither_the_edited_file_nor_torch(trained):
    program = "import sys, gpt.evaluate; print(*sorted({'torch', 'gpt.train'} & set(sys.modules)))"

    assert trained.python(program).stdout == "\n"
