"""The locked evaluator: reads the number that the training left."""

import math
import os
import sys
from pathlib import Path

model = Path(os.environ["AR_OUT"], "model")
if model.is_symlink() or not model.is_file():
    sys.exit(0)  # nothing to say
loss = float(model.read_text())
if not math.isfinite(loss):
    print("error: the loss is not finite")
    sys.exit(3)
print("loss:", loss)
