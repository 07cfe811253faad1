"""What a GPU can do at most, so that a run can say what share of it was used. Locked: experiments edit `gpt/train.py` alone."""

from __future__ import annotations

import torch

# Dense bf16 with float32 sums, by the makers' data sheets, TFLOP/s; the first name that is in the device's counts.
SHEET = {
    "B200": 2250,
    "H200": 989,
    "H100 PCIe": 756,
    "H100": 989,
    "A100": 312,
    "L40S": 362,
    "L40": 181,
    "L4": 121,
    "A6000": 155,
    "5090": 210,
    "4090": 165,
    "3090": 71,
}


def flops(device: torch.device) -> float | None:
    """FLOP/s of the device; None where it is not known, and MFU is then not reported."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "a processor"
    return next((1e12 * tera for key, tera in SHEET.items() if key in name), None)
