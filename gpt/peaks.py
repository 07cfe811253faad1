"""What a GPU can do at most, so that a run can say what share of it was used. Locked: experiments edit `gpt/train.py` alone."""

from __future__ import annotations

import torch

# Dense bf16 with float32 sums, TFLOP/s, half of what the makers state with sparsity. B200, GB200 (for one of its GPUs), H200,
# H100, A100, L40S, L40, L4, RTX A6000 and RTX 6000 Ada: NVIDIA's data sheets of these names; RTX 3090, 4090, 5090: appendices
# A of the architecture papers "GA102", "Ada" and "RTX Blackwell". The first that is in the device's name counts.
SHEET = {
    "GB200": 2500,
    "B200": 2250,
    "H200 NVL": 835,
    "H200": 989,
    "H100 NVL": 835,
    "H100 PCIe": 756,
    "H100": 989,
    "A100": 312,
    "L40S": 362,
    "L40": 181,
    "L4": 121,
    "RTX A6000": 155,
    "RTX 6000 Ada": 364,
    "RTX 5090": 210,
    "RTX 4090": 165,
    "RTX 3090": 71,
}
OTHERS = {"D", "Laptop", "Max-Q", "MIG", "Ti"}  # words for less, or more, than the card of that name


def flops(device: torch.device) -> float | None:
    """FLOP/s of the device; None where it is not known, and MFU is then not reported."""
    return named(torch.cuda.get_device_name(device)) if device.type == "cuda" else None


def named(card: str) -> float | None:
    """FLOP/s of a card, by the name that its driver gives."""
    known = (1e12 * tera for key, tera in SHEET.items() if key in card)
    return None if OTHERS & set(card.split()) else next(known, None)
