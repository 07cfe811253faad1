"""Ideas on `train.py.txt` that the detector was tuned on: each an edit, the same idea in other words, and what it is not.

An edit is a list of (old text, new text). `paraphrase` is the same edit written otherwise, `implementation` the same idea
done another way, `unlike` an idea that reads alike and is another one.
"""
# ruff: noqa: E501  an edit is read best on one line

ACT = "F.relu(self.up(norm(x))).square()"
MLP = "        return x + self.down(F.relu(self.up(norm(x))).square())\n"
LOGITS = "        logits, targets = self(tokens).flatten(0, 1), targets.flatten()\n"
CE = "        return F.cross_entropy(logits.float(), targets) if logits.is_cuda else CrossEntropy.apply(logits, targets)\n"
HEAD = "        return self.head(norm(x))\n"
BACKWARD = "            loss.backward()\n"
STEP = "            optimiser.step()\n"
UPDATE = '        for optimiser in self.optimisers:\n            for group in optimiser.param_groups:\n                group["lr"] = scale'
DOWN = "        self.down = Linear(hidden, shape.width)\n"
UP = "        self.up = Linear(shape.width, hidden)\n"
ATTEND = "        x = x + self.attention(norm(x), turn, value)\n"
LEFT = "        left = (1 - progress) / WARMDOWN\n        return FINAL_LR + (1 - FINAL_LR) * left\n"
QK = "        qk = norm(qk)\n"
NESTEROV = "            update = gradient.lerp_(momentum, MATRIX_MOMENTUM).to(self.dtype)\n"
FIRST = "        x = norm(self.embedding(tokens).to(self.dtype))\n"
LOOP = "            x = block(x, turn, next(tables)(tokens).to(self.dtype) if with_value else None)\n"
NORM = "    return F.rms_norm(x, (x.size(-1),))\n"
BLOCKS = "        self.head = Linear(shape.width, shape.vocabulary)\n"
EPS_LINE = "ADAM_EPS = 1e-10  # AdamW, added to the root mean square [1e-12..0.001]\n"
STD = "        nn.init.normal_(self.head.weight, std=0.001)\n"
COEFFICIENTS = "    a, b, c = 3.4445, -4.7750, 2.0315\n"
NEXT = "            self.update(scale=schedule(progress))\n"

IDEAS = {
    "GeLU": {
        "edit": [(ACT, "F.gelu(self.up(norm(x)))")],
        "paraphrase": [(MLP, "        hidden = self.up(norm(x))\n        hidden = F.gelu(hidden)\n        return x + self.down(hidden)\n")],
        "implementation": [(ACT, "nn.functional.gelu(self.up(norm(x)), approximate='tanh')")],
        "unlike": [(ACT, "F.silu(self.up(norm(x)))")],
    },
    "plain ReLU": {
        "edit": [(ACT, "F.relu(self.up(norm(x)))")],
        "paraphrase": [(MLP, "        activated = F.relu(self.up(norm(x)))\n        return self.down(activated) + x\n")],
        "implementation": [(ACT, "self.up(norm(x)).relu()")],
        "unlike": [(ACT, "F.relu(self.up(norm(x))).pow(3)")],
    },
    "SwiGLU": {
        "edit": [
            (UP, UP + "        self.gate = Linear(shape.width, hidden)\n"),
            (MLP, "        h = norm(x)\n        return x + self.down(F.silu(self.gate(h)) * self.up(h))\n"),
        ],
        "paraphrase": [
            (DOWN, "        self.gate = Linear(shape.width, hidden)\n" + DOWN),
            (MLP, "        normed = norm(x)\n        gated = self.up(normed) * F.silu(self.gate(normed))\n        return x + self.down(gated)\n"),
        ],
        "implementation": [
            (UP, "        self.up = Linear(shape.width, 2 * hidden)\n"),
            (MLP, "        gate, up = self.up(norm(x)).chunk(2, -1)\n        return x + self.down(F.silu(gate) * up)\n"),
        ],
        "unlike": [(MLP, MLP.replace("x + ", "x + 0.5 * "))],
    },
    "softcap the logits": {
        "edit": [(HEAD, "        logits = self.head(norm(x))\n        return 15 * torch.tanh(logits / 15)\n")],
        "paraphrase": [(HEAD, "        return torch.tanh(self.head(norm(x)) / 15) * 15\n")],
        "implementation": [
            (EPS_LINE, EPS_LINE + "SOFTCAP = 15.0  # bound of the logits [5..50]\n"),
            (HEAD, "        return SOFTCAP * torch.tanh(self.head(norm(x)) / SOFTCAP)\n"),
        ],
        "unlike": [(HEAD, "        return 0.5 * self.head(norm(x))\n")],
    },
    "clip gradients": {
        "edit": [(UPDATE, "        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)\n" + UPDATE)],
        "paraphrase": [(UPDATE, "        torch.nn.utils.clip_grad_norm_(list(self.model.parameters()), max_norm=1.0)\n" + UPDATE)],
        "implementation": [
            (EPS_LINE, EPS_LINE + "GRAD_CLIP = 1.0  # norm of the gradient [0.1..10]\n"),
            (NEXT, "            nn.utils.clip_grad_norm_(self.model.parameters(), GRAD_CLIP)\n" + NEXT),
        ],
        "unlike": [(UPDATE, "        for p in self.model.parameters():\n            p.grad.add_(torch.randn_like(p), alpha=1e-4)\n" + UPDATE)],
    },
    "dropout": {
        "edit": [(MLP, "        return x + F.dropout(self.down(F.relu(self.up(norm(x))).square()), 0.1, self.training)\n")],
        "paraphrase": [(MLP, "        y = self.down(F.relu(self.up(norm(x))).square())\n        return x + F.dropout(y, p=0.1, training=self.training)\n")],
        "implementation": [
            (DOWN, DOWN + "        self.dropout = nn.Dropout(0.1)\n"),
            (MLP, "        return x + self.dropout(self.down(F.relu(self.up(norm(x))).square()))\n"),
        ],
        "unlike": [(MLP, "        return x + F.layer_norm(self.down(F.relu(self.up(norm(x))).square()), (x.size(-1),))\n")],
    },
    "tie the embeddings": {
        "edit": [(BLOCKS, BLOCKS + "        self.head.weight = self.embedding.weight\n")],
        "paraphrase": [(BLOCKS, BLOCKS + "        shared = self.embedding.weight\n        self.head.weight = shared\n")],
        "implementation": [(HEAD, "        return F.linear(norm(x), self.embedding.weight.to(x.dtype))\n")],
        "unlike": [(HEAD, "        return self.head(x)\n")],
    },
    "cosine schedule": {
        "edit": [(LEFT, "        left = (1 - progress) / WARMDOWN\n        return FINAL_LR + (1 - FINAL_LR) * 0.5 * (1 + math.cos(math.pi * (1 - left)))\n")],
        "paraphrase": [(LEFT, "        done = 1 - (1 - progress) / WARMDOWN\n        shape = 0.5 * (1 + math.cos(math.pi * done))\n        return FINAL_LR + (1 - FINAL_LR) * shape\n")],
        "implementation": [(LEFT, "        done = (progress - 1 + WARMDOWN) / WARMDOWN\n        return FINAL_LR + (1 - FINAL_LR) * math.cos(0.5 * math.pi * done) ** 2\n")],
        "unlike": [(LEFT, "        left = (1 - progress) / WARMDOWN\n        return FINAL_LR + (1 - FINAL_LR) * left**0.5\n")],
    },
    "z-loss": {
        "edit": [(CE, "        z = logits.float().logsumexp(-1).square().mean()\n" + CE.replace("return ", "loss = ") + "        return loss + 1e-4 * z\n")],
        "paraphrase": [(CE, CE.replace("return ", "entropy = ") + "        penalty = torch.logsumexp(logits.float(), dim=-1).square().mean()\n        return entropy + 1e-4 * penalty\n")],
        "implementation": [
            (EPS_LINE, EPS_LINE + "Z_LOSS = 1e-4  # weight of the penalty on log Z [0..0.01]\n"),
            (CE, CE.replace("return ", "loss = ") + "        return loss + Z_LOSS * logits.float().logsumexp(-1).pow(2).mean()\n"),
        ],
        "unlike": [(CE, CE.replace("return ", "loss = ") + "        return loss + 1e-4 * logits.float().abs().mean()\n")],
    },
    "no QK-norm": {
        "edit": [(QK, "")],
        "paraphrase": [(QK, "        # queries and keys as they are\n")],
        "implementation": [(QK, "        qk = qk * 1.0\n")],
        "unlike": [(QK, QK + "        v = norm(v)\n")],
    },
    "gain of the norm": {
        "edit": [
            (UP, UP + "        self.gain = nn.Parameter(torch.ones(shape.width))\n"),
            (MLP, MLP.replace("norm(x)", "norm(x) * self.gain.to(x.dtype)")),
        ],
        "paraphrase": [
            (DOWN, DOWN + "        self.gain = nn.Parameter(torch.ones(shape.width))\n"),
            (MLP, "        scaled = self.gain.to(x.dtype) * norm(x)\n" + MLP.replace("norm(x)", "scaled")),
        ],
        "implementation": [
            (UP, UP + "        self.norm = nn.RMSNorm(shape.width)\n"),
            (MLP, MLP.replace("norm(x)", "self.norm(x)")),
        ],
        "unlike": [(MLP, MLP.replace("norm(x)", "x"))],
    },
    "parallel block": {
        "edit": [
            (ATTEND, "        h = norm(x)\n"),
            (MLP, "        return x + self.attention(h, turn, value) + self.down(F.relu(self.up(h)).square())\n"),
        ],
        "paraphrase": [
            (ATTEND, "        normed = norm(x)\n        mixed = self.attention(normed, turn, value)\n"),
            (MLP, "        return x + mixed + self.down(F.relu(self.up(normed)).square())\n"),
        ],
        "implementation": [
            (ATTEND, "        residual = self.attention(norm(x), turn, value)\n"),
            (MLP, "        residual = residual + self.down(F.relu(self.up(norm(x))).square())\n        return x + residual\n"),
        ],
        "unlike": [(ATTEND, "        x = norm(x + self.attention(x, turn, value))\n")],
    },
    "skip from the embedding": {
        "edit": [
            (BLOCKS, BLOCKS + "        self.skip = nn.Parameter(torch.zeros(shape.depth))\n"),
            (FIRST, FIRST + "        first = x\n"),
            (LOOP, "            x = x + self.skip[len(self.blocks) - 1].to(x.dtype) * first\n" + LOOP),
        ],
        "paraphrase": [
            (BLOCKS, "        self.skip = nn.Parameter(torch.zeros(shape.depth))\n" + BLOCKS),
            (FIRST, FIRST + "        x0 = x\n"),
            (LOOP, "            weight = self.skip[len(self.blocks) - 1].to(x.dtype)\n            x = x + weight * x0\n" + LOOP),
        ],
        "implementation": [
            (BLOCKS, BLOCKS + "        self.skip = nn.Parameter(torch.tensor(0.0))\n"),
            (FIRST, FIRST + "        first = x\n"),
            (LOOP, LOOP + "            x = torch.lerp(x, first, self.skip.to(x.dtype))\n"),
        ],
        "unlike": [(LOOP, LOOP.replace("x = block", "x = 0.9 * block"))],
    },
    "no Nesterov": {
        "edit": [(NESTEROV, "            update = momentum.to(self.dtype)\n")],
        "paraphrase": [(NESTEROV, "            update = momentum.clone().to(self.dtype)\n")],
        "implementation": [(NESTEROV, "            update = torch.clone(momentum).to(dtype=self.dtype)\n")],
        "unlike": [(NESTEROV, "            update = gradient.sign().to(self.dtype)\n")],
    },
    "no norm of the embedding": {
        "edit": [(FIRST, "        x = self.embedding(tokens).to(self.dtype)\n")],
        "paraphrase": [(FIRST, "        embedded = self.embedding(tokens)\n        x = embedded.to(self.dtype)\n")],
        "implementation": [(FIRST, "        x = F.embedding(tokens, self.embedding.weight).to(self.dtype)\n")],
        "unlike": [(FIRST, FIRST + "        x = F.dropout(x, 0.1, self.training)\n")],
    },
    "LayerNorm": {
        "edit": [(NORM, "    return F.layer_norm(x, (x.size(-1),))\n")],
        "paraphrase": [(NORM, "    width = x.size(-1)\n    return F.layer_norm(x, normalized_shape=(width,))\n")],
        "implementation": [(NORM, "    centred = x - x.mean(-1, keepdim=True)\n    return centred * (centred.square().mean(-1, keepdim=True) + 1e-5).rsqrt()\n")],
        "unlike": [(NORM, "    return F.rms_norm(x, (x.size(-1),)) * 0.7\n")],
    },
    "zero head": {
        "edit": [(STD, "        nn.init.zeros_(self.head.weight)\n")],
        "paraphrase": [(STD, "        head = self.head.weight\n        nn.init.zeros_(head)\n")],
        "implementation": [(STD, "        nn.init.constant_(self.head.weight, 0.0)\n")],
        "unlike": [(STD, "        nn.init.orthogonal_(self.head.weight)\n")],
    },
    "average of weights": {
        "edit": [
            ("        self.batch = next(self.stream)\n        on_gpu", "        self.batch = next(self.stream)\n        self.average = [p.detach().clone() for p in self.model.parameters()]\n        on_gpu"),
            (NEXT, NEXT + "            torch._foreach_lerp_(self.average, list(self.model.parameters()), 0.01)\n"),
        ],
        "paraphrase": [
            ("        self.stream = batches(self.settings)\n", "        self.stream = batches(self.settings)\n        self.average = [weight.detach().clone() for weight in self.model.parameters()]\n"),
            (NEXT, NEXT + "            weights = list(self.model.parameters())\n            torch._foreach_lerp_(self.average, weights, 0.01)\n"),
        ],
        "implementation": [
            ("        self.stream = batches(self.settings)\n", "        self.stream = batches(self.settings)\n        self.average = torch.optim.swa_utils.AveragedModel(self.model, avg_fn=lambda a, p, n: torch.lerp(a, p, 0.01))\n"),
            (NEXT, NEXT + "            self.average.update_parameters(self.model)\n"),
        ],
        "unlike": [(NEXT, NEXT + "            self.lowest = min(self.lowest, loss.item())\n")],
    },
    "label smoothing": {
        "edit": [(CE, "        return F.cross_entropy(logits.float(), targets, label_smoothing=0.1)\n")],
        "paraphrase": [(CE, "        logits = logits.float()\n        return F.cross_entropy(logits, targets, label_smoothing=0.1)\n")],
        "implementation": [(CE, CE.replace("return ", "hard = ") + "        smooth = -logits.float().log_softmax(-1).mean()\n        return 0.9 * hard + 0.1 * smooth\n")],
        "unlike": [(CE, "        return F.cross_entropy(logits.float(), targets, reduction='sum') / 1000\n")],
    },
    "five coefficients": {
        "edit": [(COEFFICIENTS, "    a, b, c = 2.0, -1.5, 0.5\n")],
        "paraphrase": [(COEFFICIENTS, "    # the textbook's\n    a, b, c = 2.0, -3 / 2, 1 / 2\n")],
        "implementation": [(COEFFICIENTS, "    a = 2.0\n    b = -1.5\n    c = 0.5\n")],
        "unlike": [(COEFFICIENTS, "    a, b, c = 3.0, -3.2, 1.2\n")],
    },
}  # fmt: skip

KNOBS = (
    # name, as it stands, as tried, the same again, near, another value, the opposite direction
    ("MATRIX_LR", "0.02", "0.03", "3e-2", "0.031", "0.04", "0.015"),
    ("EMBEDDING_LR", "0.3", "0.45", "0.452", "0.47", "0.6", "0.2"),
    ("WARMDOWN", "0.5", "0.75", "3 / 4", "0.74", "0.6", "0.4"),
    ("BATCH", "16", "32", "2**5", "33", "64", "8"),
    ("MATRIX_MOMENTUM", "0.95", "0.975", "0.9750", "0.973", "0.99", "0.9"),
    ("ROPE_BASE", "10000.0", "20000.0", "20_000.0", "21000.0", "50000.0", "5000.0"),
    ("MLP_RATIO", "4.0", "6.0", "6.05", "5.6", "8.0", "2.0"),
)
