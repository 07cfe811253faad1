"""Ten defects of `gpt/train.py` that a person could overlook: each an edit of the sound file, small enough to read past.

None of them crashes a run; some cost much, some nothing that can be measured at the profile of a CPU. `measure.py` says which.
"""

from dataclasses import dataclass


class Stale(Exception):
    """The sound file has changed so that a defect cannot be planted in it."""


@dataclass(frozen=True)
class Defect:
    """`old` occurs once in the sound file; `new` takes its place."""

    name: str
    what: str
    old: str
    new: str

    def plant(self, source: str) -> str:
        if source.count(self.old) != 1:
            raise Stale(f"{self.name}: the text that it replaces occurs {source.count(self.old)} times")
        return source.replace(self.old, self.new)

    def stands(self, source: str) -> bool:
        """Whether the planted text is still there."""
        return self.new in source


DEFECTS = (
    Defect(
        "qk-scale",
        "queries and keys of length one, and no scale to make up for it: attention is nearly uniform",
        "        qk = norm(qk)\n",
        "        qk = F.normalize(qk, dim=-1)\n",
    ),
    Defect(
        "decay",
        "weight decay on all that is no matrix of a block: embeddings, mixing scalars",
        "weight_decay=0.0, eps=ADAM_EPS",
        "weight_decay=MATRIX_DECAY, eps=ADAM_EPS",
    ),
    Defect(
        "schedule",
        "progress counted twice over: the learning rate begins to fall when the run is over",
        "self.update(scale=schedule(progress))",
        "self.update(scale=schedule(progress / 2))",
    ),
    Defect(
        "targets",
        "the target is two tokens on",
        "        yield batch[:, :-1], batch[:, 1:]\n",
        "        yield batch[:, :-2], batch[:, 2:]\n",
    ),
    Defect(
        "frozen",
        "the matrices of the first layer are in no optimiser",
        "for p in model.blocks.parameters() if p.ndim == 2]",
        "for p in model.blocks[1:].parameters() if p.ndim == 2]",
    ),
    Defect(
        "positions",
        "two neighbours share a position",
        "angle = torch.outer(torch.arange(length, device=like.device), frequency)",
        "angle = torch.outer(torch.arange(length, device=like.device) // 2, frequency)",
    ),
    Defect(
        "values",
        "value embeddings that never learn",
        "next(tables)(tokens).to(self.dtype)",
        "next(tables)(tokens).detach().to(self.dtype)",
    ),
    Defect(
        "momentum",
        "Muon's momentum keeps a twentieth and takes the rest from the last batch",
        "momentum.lerp_(gradient, 1 - MATRIX_MOMENTUM)",
        "momentum.lerp_(gradient, MATRIX_MOMENTUM)",
    ),
    Defect(
        "parts",
        "the mean over the parts of a batch counts each part as the whole",
        "loss = self.loss_of(part, wanted) * (len(part) / len(tokens))\n",
        "loss = self.loss_of(part, wanted)\n",
    ),
    Defect(
        "switch",
        "value embeddings left switched off: a constant, so that a proposer without code can mend it",
        "VALUE_EVERY = 2  #",
        "VALUE_EVERY = 0  #",
    ),
)
