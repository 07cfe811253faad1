"""The training of `benchmarks/soak.py`: PLAN says which experiment this is, what goes wrong in it, and its loss."""

import faults

PLAN = "0 well 100"
RATE = 0.5  # [0.1..1]
DECAY = 0.1  # [0.01..1]
WARMUP = 0.2  # [0.01..0.5]
COOLDOWN = 0.4  # [0.1..0.9]
MOMENTUM = 0.8  # [0.5..0.99]
DROPOUT = 0.1  # [0.01..0.5]
CLIP = 1.0  # [0.1..10]

faults.train(PLAN, (RATE, DECAY, WARMUP, COOLDOWN, MOMENTUM, DROPOUT, CLIP))
