"""A training as the loop runs it: a process, an environment, a descriptor."""

import json
import os

import pytest
import torch


def told(tree, **settings):
    """The finished process and the events that it sent."""
    reader, writer = os.pipe()
    result = tree.run("train", pass_fds=(writer,), AR_TELEMETRY_FD=writer, **settings)
    os.close(writer)
    with os.fdopen(reader) as stream:
        return result, [json.loads(line) for line in stream]


def test_a_run_tells_its_start_its_steps_and_its_end(tree):
    result, events = told(tree, AR_STEPS=3, AR_BUDGET=5)

    started, step, finished = events[0], events[1], events[-1]
    assert result.returncode == 0, result.stderr
    assert started["event"] == "started"
    assert started["budget"] == 5
    assert started["device"] == "cpu"
    assert started["parameters"] > 10_000
    assert step["event"] == "step"
    assert step["mfu"] is None
    assert step["tokens"] == 64
    assert step["memory"] > 2**20
    assert finished["event"] == "finished"
    assert (finished["steps"], finished["tokens"]) == (3, 192)
    assert (tree.out / "model.pt").exists()


def test_a_run_ends_with_its_budget(tree):
    result, events = told(tree, AR_BUDGET=1.5)

    assert result.returncode == 0, result.stderr
    assert 1.5 <= events[-1]["train_seconds"] < 3
    assert 0 < events[-2]["progress"] <= 1


def test_the_same_seed_and_steps_give_the_same_model(trained, tree):
    tree.run("train", AR_STEPS=6)

    again = torch.load(tree.out / "model.pt", weights_only=True)["weights"]
    first = torch.load(trained.out / "model.pt", weights_only=True)["weights"]
    assert all(torch.equal(again[name], first[name]) for name in first)


def test_another_seed_gives_another_model(trained, tree):
    tree.run("train", AR_STEPS=6, AR_SEED=1)

    other = torch.load(tree.out / "model.pt", weights_only=True)["weights"]
    first = torch.load(trained.out / "model.pt", weights_only=True)["weights"]
    assert not torch.equal(other["head.weight"], first["head.weight"])


def test_a_reader_that_is_gone_does_not_end_the_training(tree):
    reader, writer = os.pipe()
    os.close(reader)

    result = tree.run("train", pass_fds=(writer,), AR_STEPS=2, AR_TELEMETRY_FD=writer)

    os.close(writer)
    assert result.returncode == 0, result.stderr


def test_a_descriptor_that_was_never_passed_does_not_end_the_training(tree):
    result = tree.run("train", AR_STEPS=2, AR_TELEMETRY_FD=77)

    assert result.returncode == 0, result.stderr


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
    assert result.stderr.splitlines()[-1].startswith("error: out of memory: ")


def test_absent_data_is_bad_input(tree, tmp_path):
    result = tree.run("train", AR_DATA=tmp_path / "nowhere")

    assert result.returncode == 2
    assert "python -m gpt.prepare" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_batch_in_parts_gives_the_gradients_of_the_whole(tree, trained):
    tree.edit("MICRO_BATCH = 16  #", "MICRO_BATCH = 3  #")

    tree.run("train", AR_STEPS=6)

    parts = torch.load(tree.out / "model.pt", weights_only=True)["weights"]
    whole = torch.load(trained.out / "model.pt", weights_only=True)["weights"]
    assert torch.allclose(parts["head.weight"], whole["head.weight"], atol=2e-3)


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
