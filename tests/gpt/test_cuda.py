"""What a training on a GPU does, as far as it can be seen where there is none."""

import gc
import os

import pytest
import torch
from patient import ROOT, loaded
from torch._subclasses.fake_tensor import FakeTensorMode

from gpt import data, machine, peaks, train

MEMORY = loaded(ROOT / "benchmarks" / "gpt_memory.py")
SMALLEST = {"cpu": 2, "cpu-large": 2, "gpu-24gb": 10, "gpu-80gb": 70}  # GiB of what a profile is chosen for


@pytest.mark.parametrize("name", SMALLEST)
def test_a_step_of_every_profile_fits_the_smallest_card_that_it_is_chosen_for(name):
    step = MEMORY.estimate(MEMORY.PROFILES[name], torch.bfloat16)

    assert (step.loss.shape, step.loss.dtype) == ((), torch.float32)
    assert {p.dtype for p in step.model.parameters()} == {torch.float32}
    assert step.kept < step.peak < 0.75 * SMALLEST[name] * 2**30


@pytest.fixture
def collector():
    """The garbage collector, which a warm-up switches off."""
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.filterwarnings("ignore:.*autograd.function.Function.*:DeprecationWarning")
@pytest.mark.usefixtures("collector")
def test_all_that_a_training_compiles_it_compiles_before_its_clock_starts(data_folder):
    graphs = []
    cpu = torch.device("cpu")
    settings = train.Settings(seed=0, budget=1.0, steps=2, device=cpu, data=data_folder, out=None, telemetry=None)
    trainer = train.Trainer(settings, train.GPT(train.Shape(vocabulary=300), torch.float32), train.Telemetry(None))
    trainer.loss_of = torch.compile(
        trainer.model.loss,
        dynamic=False,
        fullgraph=True,
        backend=lambda graph, _: graphs.append(graph) or graph.forward,
    )
    trainer.warm_up()
    before = len(graphs)

    trainer.run()

    assert (before, len(graphs), trainer.step) == (1, 1, 2)


@pytest.mark.skipif(not torch.backends.cuda.is_built(), reason="this PyTorch was built without CUDA")
@pytest.mark.parametrize("window", [0, 256])
def test_shapes_and_types_on_a_gpu_fit_each_other(window):
    with FakeTensorMode(), torch.device("cuda"), torch.no_grad():
        model = train.GPT(train.Shape(vocabulary=300, depth=4, window=window), torch.bfloat16)
        loss = model.loss(tokens := torch.zeros(4, 1024, dtype=torch.long), tokens)
        model.apply(lambda part: [setattr(p, "grad", torch.zeros_like(p)) for p in part.parameters(recurse=False)])
        [optimiser.step(1.0) for optimiser in train.optimisers(model)]

    assert (loss.device.type, loss.dtype) == ("cuda", torch.float32)


def test_a_gpu_is_trained_on_by_the_clock_whatever_the_profile_counts():
    cpu, gpu = train.Clock(torch.device("cpu")), train.Clock(torch.device("cuda"))

    assert train.CLOCK == "processor"
    assert not cpu.is_real
    assert gpu.is_real


def test_a_gpu_that_is_not_there_is_bad_input():
    with pytest.raises(data.DataError, match=r"AR_DEVICE=cuda:63: this PyTorch, .*, finds no such device"):
        train.prepare_device(torch.device("cuda:63"))


@pytest.mark.parametrize(
    ("card", "tera"),
    [
        ("NVIDIA H100 80GB HBM3", 989),
        ("NVIDIA H100 NVL", 835),
        ("NVIDIA H100 PCIe", 756),
        ("NVIDIA A100-SXM4-80GB", 312),
        ("NVIDIA GeForce RTX 4090", 165),
    ],
)
def test_a_card_is_known_by_the_name_that_its_driver_gives(card, tera):
    assert peaks.named(card) == tera * 1e12


@pytest.mark.parametrize(
    "card", ["NVIDIA GeForce RTX 4090 Laptop GPU", "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "NVIDIA H20", "Tesla T4"]
)
def test_of_a_card_that_is_not_in_the_sheet_nothing_is_claimed(card):
    assert peaks.named(card) is None


def test_a_training_that_is_bound_to_one_core_counts_one(tree):
    one = min(os.sched_getaffinity(0))

    counted = tree.python(
        f"import os; os.sched_setaffinity(0, {{{one}}}); from gpt import machine; print(machine.cores())"
    )

    assert counted.stdout == "1\n"
    assert machine.cores() == len(os.sched_getaffinity(0))
