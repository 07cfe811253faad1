"""A training as the loop runs it: a process, an environment, a descriptor."""

import json
import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt import train


def asked(data_folder, *, seed):
    cpu = torch.device("cpu")
    return train.Settings(seed=seed, budget=1.0, steps=None, device=cpu, data=data_folder, out=None, telemetry=None)


def told(tree, **settings):
    """The finished process and the events that it sent."""
    reader, writer = os.pipe()
    result = tree.run("train", pass_fds=(writer,), AR_TELEMETRY_FD=writer, **settings)
    os.close(writer)
    with os.fdopen(reader) as stream:
        return result, [json.loads(line) for line in stream]


def test_a_run_tells_its_start_its_steps_and_its_end(tree):
    result, events = told(tree, AR_STEPS=3, AR_BUDGET=5)

    started, step, last, finished = events[0], events[1], events[-2], events[-1]
    assert result.returncode == 0, result.stderr
    assert started["event"] == "started"
    assert started["budget"] == 5
    assert started["device"] == "cpu"
    assert started["parameters"] > 10_000
    assert step["event"] == "step"
    assert step["mfu"] is None
    assert step["tokens"] == 64
    assert step["memory"] > 2**20
    assert (last["step"], last["progress"]) == (3, 1)
    assert finished["event"] == "finished"
    assert (finished["steps"], finished["tokens"]) == (3, 192)
    assert (tree.out / "model.pt").exists()


def test_a_run_ends_with_its_budget(tree):
    result, events = told(tree, AR_BUDGET=1.5)

    assert result.returncode == 0, result.stderr
    assert 1.5 <= events[-1]["train_seconds"] < 3
    assert 0 < events[-2]["progress"] <= 1


def test_a_run_with_a_target_ends_as_long_after_it_as_the_warm_down_asks(tree):
    tree.edit("TARGET = 0.0", "TARGET = 5.6")  # nats, a little below the logarithm of the vocabulary

    result, events = told(tree, AR_STEPS=400)

    progress = [event["progress"] for event in events[1:-1]]
    assert result.returncode == 0, result.stderr
    assert events[-1]["steps"] < 200
    assert (progress, progress[-1]) == (sorted(progress), 1)


def test_the_same_seed_and_steps_give_the_same_model(trained, tree):
    tree.run("train", AR_STEPS=6)

    again = torch.load(tree.out / "model.pt", weights_only=True)["weights"]
    first = torch.load(trained.out / "model.pt", weights_only=True)["weights"]
    assert all(torch.equal(again[name], first[name]) for name in first)


def test_a_seed_draws_the_order_of_the_rows_and_the_weights(data_folder, trained, tree):
    first, other = (next(train.batches(asked(data_folder, seed=seed)))[0] for seed in (0, 1))

    tree.run("train", AR_STEPS=1, AR_SEED=1)

    weights = (torch.load(one.out / "model.pt", weights_only=True)["weights"]["head.weight"] for one in (trained, tree))
    assert not torch.equal(first, other)
    assert not torch.equal(*weights)


def test_a_target_is_the_token_after(data_folder):
    tokens, targets = next(train.batches(asked(data_folder, seed=3)))

    assert torch.equal(tokens[:, 1:], targets[:, :-1])


def test_a_reader_that_is_gone_is_not_written_to_again():
    reader, writer = os.pipe()
    telemetry = train.Telemetry(writer)
    os.close(reader)

    telemetry.send(event="step", step=1)

    os.close(writer)
    assert telemetry.descriptor is None


def test_a_reader_that_is_slow_loses_samples_and_holds_up_nothing():
    reader, writer = os.pipe()
    telemetry = train.Telemetry(writer)

    [telemetry.send(event="step", note="x" * 1000) for _ in range(500)]

    os.close(writer)
    with os.fdopen(reader) as stream:
        assert 10 < len([json.loads(line) for line in stream]) < 500


def test_a_descriptor_that_was_never_passed_is_ignored():
    telemetry = train.Telemetry(7777)

    telemetry.send(event="step", step=1)

    assert telemetry.descriptor is None


@pytest.mark.parametrize(
    ("loss", "words"), [(float("inf"), "not finite"), (float("nan"), "not finite"), (30.0, "diverged")]
)
def test_a_loss_that_cannot_recover_ends_the_run(data_folder, loss, words):
    settings = asked(data_folder, seed=0)
    trainer = train.Trainer(settings, train.GPT(train.Shape(vocabulary=300), torch.float32), train.Telemetry(None))
    trainer.check(7.0)

    with pytest.raises(train.RunError, match=words):
        trainer.check(loss)


def test_a_loss_that_is_not_finite_ends_the_run_at_once_and_leaves_no_checkpoint(tree):
    tree.edit("x = norm(self.embedding(tokens).to(self.dtype))", "x = self.embedding(tokens) * math.nan")

    result = tree.run("train", AR_BUDGET=30)

    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "error: loss is not finite at step 1"
    assert not (tree.out / "model.pt").exists()


def test_memory_that_is_not_there_is_named_so(tree):
    tree.edit("stream = batches(self.settings)", "stream = iter([torch.empty(2**50)])")

    result = tree.run("train", AR_STEPS=2)

    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(
        "error: out of memory: 16 sequences of 16 tokens at once, depth 2, "
    )
    assert str(2**52) in result.stderr.splitlines()[-1]


def test_a_variable_that_is_no_number_is_bad_input(tree):
    result = tree.run("train", AR_SEED="lucky")

    assert result.returncode == 2
    assert result.stderr == "error: AR_SEED=lucky in the environment is no int\n"


def test_absent_data_is_bad_input(tree, tmp_path):
    result = tree.run("train", AR_DATA=tmp_path / "nowhere")

    assert result.returncode == 2
    assert "python -m gpt.prepare" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["head.weight", "embedding.weight", "blocks.0.down.weight"])
def test_a_batch_in_parts_has_the_gradients_of_the_whole(data_folder, name, monkeypatch):
    model = train.GPT(train.Shape(vocabulary=300), torch.float32)
    trainer = train.Trainer(asked(data_folder, seed=0), model, train.Telemetry(None))
    trainer.accumulate(*trainer.batch)
    whole = model.get_parameter(name).grad.clone()
    model.zero_grad()

    monkeypatch.setattr(train, "MICRO_BATCH", 5)
    trainer.accumulate(*trainer.batch)

    assert torch.allclose(model.get_parameter(name).grad, whole, atol=1e-6)


@given(st.integers(1, 6), st.integers(2, 9), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_cross_entropy_and_its_gradient_are_those_of_pytorch(rows, vocabulary, seed):
    random = torch.Generator().manual_seed(seed)
    logits = (3 * torch.randn(rows, vocabulary, generator=random)).requires_grad_()
    targets = torch.randint(vocabulary, (rows,), generator=random)
    expected = torch.nn.functional.cross_entropy(logits, targets)
    (gradient,) = torch.autograd.grad(expected, logits)

    loss = train.CrossEntropy.apply(logits, targets)
    (mine,) = torch.autograd.grad(loss, logits)

    assert torch.allclose(loss, expected, atol=1e-5)
    assert torch.allclose(mine, gradient, atol=1e-5)


def qkv():
    return torch.randn(3, 2, 3, 7, 16, generator=torch.Generator().manual_seed(0))


def test_attention_on_a_cpu_is_that_of_pytorch():
    q, k, v = qkv()

    y = train.attend(q, k, v, 0.3)

    expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3)
    assert torch.allclose(y, expected, atol=1e-5)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("window", [1, 3, 6])
def test_a_window_on_a_cpu_is_that_of_a_gpu_and_hides_what_lies_further_back(window):
    q, k, v = qkv()
    far = torch.cat((torch.zeros_like(v[..., :-window, :]), v[..., -window:, :]), -2)

    y = train.attend(q, k, v, 0.25, window)

    assert torch.allclose(y, train.windowed(q, k, v, 0.25, window), atol=1e-5)
    assert torch.equal(y[..., -1, :], train.attend(q, k, far, 0.25, window)[..., -1, :])


def test_three_layers_of_four_have_the_window_and_the_last_sees_all():
    shape = train.Shape(vocabulary=300, depth=6, window=32)

    assert [shape.sight(layer) for layer in range(6)] == [32, 0, 32, 32, 32, 0]


def test_a_soft_cap_bounds_the_logits():
    model = train.GPT(train.Shape(vocabulary=300, softcap=2.0), torch.float32)
    torch.nn.init.normal_(model.head.weight)

    logits = model(torch.arange(8)[None])

    assert 1.5 < logits.abs().max() <= 2


def test_orthogonalised_matrices_have_singular_values_near_one():
    matrices = torch.randn(2, 24, 8, generator=torch.Generator().manual_seed(0))

    values = torch.linalg.svdvals(train.orthogonalise(matrices, 5))

    assert ((values > 0.6) & (values < 1.3)).all()


@given(st.floats(0, 1))
def test_the_learning_rate_stays_between_nothing_and_its_peak(progress):
    assert 0 <= train.schedule(progress) <= 1


def test_a_checkpoint_continues_a_prompt(trained):
    result = trained.run("sample", "--prompt", "def main(", "--tokens", 5, "--seed", 1)

    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("def main(")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_run_on_a_gpu_reports_its_memory(tree):
    result, events = told(tree, AR_STEPS=3, AR_DEVICE="cuda:0")

    assert result.returncode == 0, result.stderr
    assert events[-1]["peak_memory"] > 0
    assert tree.run("evaluate", AR_DEVICE="cuda:0").returncode == 0
