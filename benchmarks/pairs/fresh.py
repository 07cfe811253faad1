"""Ideas written after the detector was frozen, in the same form as `seen.py`; nothing was tuned on them."""
# ruff: noqa: E501  an edit is read best on one line

ATTENTION_MASK = (
    "    future = torch.full((length, length), -math.inf, dtype=q.dtype).triu(1).expand(batch * heads, -1, -1)\n"
)
SCALE = "alpha=dim**-0.5)"
MIX = "            v = mix[0] * v + mix[1] * value.view_as(v)\n"
QKV = "        self.qkv = Linear(shape.width, 3 * inner)\n"
OUT = "        return self.out(y.transpose(1, 2).reshape(batch, length, -1))\n"
SPLIT = "        qkv = self.qkv(x).view(batch, length, 3 * self.heads, self.head_dim)\n"
ASPECT = "            aspect = max(1.0, update.size(1) / update.size(2)) ** 0.5\n"
SHRINK = 'p.mul_(1 - group["lr"] * MATRIX_DECAY).add_(change, alpha=-group["lr"] * aspect)'
ADAM = (
    "    adam = torch.optim.AdamW(groups, betas=(ADAM_BETA1, ADAM_BETA2), eps=ADAM_EPS, weight_decay=0.0, fused=True)\n"
)
RISE = "        return progress / WARMUP\n"
FIRST = "        x = norm(self.embedding(tokens).to(self.dtype))\n"
ATTEND = "        x = x + self.attention(norm(x), turn, value)\n"
MLP = "        return x + self.down(F.relu(self.up(norm(x))).square())\n"
TABLE = "            nn.init.uniform_(table.weight, -bound, bound)\n"
HEAD = "        return self.head(norm(x))\n"
OFFSET = "            offset = int(torch.randint(CONTEXT, (), generator=random))\n"
GRAM = "        x = a * x + (b * gram + c * gram @ gram) @ x\n"
MOMENTUM = "            momentum.lerp_(gradient, 1 - MATRIX_MOMENTUM)\n"
TURN = "        qk = qk * turn[0] + qk.roll(self.head_dim // 2, -1) * turn[1]\n"
HIDDEN = "        hidden = 16 * max(1, round(shape.mlp_ratio * shape.width / 16))\n"
LOSS = "            loss = self.loss_of(part, wanted) * (len(part) / len(tokens))\n"

IDEAS = {
    "sliding window": {
        "edit": [(ATTENTION_MASK, ATTENTION_MASK + "    future = future + torch.full((length, length), -math.inf, dtype=q.dtype).tril(-64)\n")],
        "paraphrase": [(ATTENTION_MASK, ATTENTION_MASK + "    past = torch.full((length, length), -math.inf, dtype=q.dtype).tril(-64)\n    future = future + past\n")],
        "implementation": [(ATTENTION_MASK, ATTENTION_MASK.replace(".triu(1)", ".triu(1).add(torch.full((length, length), -math.inf, dtype=q.dtype).tril(-64))"))],
        "unlike": [(ATTENTION_MASK, ATTENTION_MASK + "    future = future - 0.01 * torch.arange(length, dtype=q.dtype).abs()\n")],
    },
    "attention scale 0.12": {
        "edit": [(SCALE, "alpha=0.12)")],
        "paraphrase": [(SCALE, "alpha = 0.12)  # constant")],
        "implementation": [(ATTENTION_MASK, ATTENTION_MASK + "    scale = 0.12\n"), (SCALE, "alpha=scale)")],
        "unlike": [(SCALE, "alpha=dim**-1.0)")],
    },
    "no learned mix of values": {
        "edit": [(MIX, "            v = 0.5 * v + 0.5 * value.view_as(v)\n")],
        "paraphrase": [(MIX, "            same = value.view_as(v)\n            v = 0.5 * v + 0.5 * same\n")],
        "implementation": [(MIX, "            v = (v + value.view_as(v)) / 2\n")],
        "unlike": [(MIX, "            v = mix[0] * v - mix[1] * value.view_as(v)\n")],
    },
    "gate of the attention": {
        "edit": [
            (QKV, QKV + "        self.gate = Linear(shape.width, inner)\n"),
            (OUT, "        y = y.transpose(1, 2).reshape(batch, length, -1)\n        return self.out(y * torch.sigmoid(self.gate(x)))\n"),
        ],
        "paraphrase": [
            (QKV, "        self.gate = Linear(shape.width, inner)\n" + QKV),
            (OUT, "        opened = torch.sigmoid(self.gate(x))\n        flat = y.transpose(1, 2).reshape(batch, length, -1)\n        return self.out(opened * flat)\n"),
        ],
        "implementation": [
            (QKV, QKV + "        self.gate = nn.Parameter(torch.zeros(inner))\n"),
            (OUT, "        y = y.transpose(1, 2).reshape(batch, length, -1)\n        return self.out(y * self.gate.sigmoid().to(y.dtype))\n"),
        ],
        "unlike": [(OUT, "        return torch.tanh(self.out(y.transpose(1, 2).reshape(batch, length, -1)))\n")],
    },
    "update without aspect": {
        "edit": [(ASPECT, "            aspect = 1.0\n")],
        "paraphrase": [(ASPECT, "            aspect = 1.0  # no correction for tall matrices\n")],
        "implementation": [(ASPECT, ""), (SHRINK, SHRINK.replace(" * aspect", ""))],
        "unlike": [(ASPECT, "            aspect = update.size(1) ** -0.5\n")],
    },
    "cautious weight decay": {
        "edit": [(SHRINK, 'p.mul_(1 - group["lr"] * MATRIX_DECAY * (p * change > 0)).add_(change, alpha=-group["lr"] * aspect)')],
        "paraphrase": [("                " + SHRINK + "\n", '                agree = p * change > 0\n                p.mul_(1 - group["lr"] * MATRIX_DECAY * agree)\n                p.add_(change, alpha=-group["lr"] * aspect)\n')],
        "implementation": [(SHRINK, 'p.sub_(group["lr"] * MATRIX_DECAY * torch.where(p * change > 0, p, 0.0)).add_(change, alpha=-group["lr"] * aspect)')],
        "unlike": [(SHRINK, 'p.add_(change.clamp(-1, 1), alpha=-group["lr"] * aspect)')],
    },
    "AMSGrad": {
        "edit": [(ADAM, ADAM.replace("weight_decay=0.0,", "weight_decay=0.0, amsgrad=True,"))],
        "paraphrase": [(ADAM, "    adam = torch.optim.AdamW(\n        groups, amsgrad=True, betas=(ADAM_BETA1, ADAM_BETA2), eps=ADAM_EPS, weight_decay=0.0, fused=True\n    )\n")],
        "implementation": [(ADAM, "    options = {'amsgrad': True}\n" + ADAM.replace("fused=True", "fused=True, **options"))],
        "unlike": [(ADAM, ADAM.replace("weight_decay=0.0,", "weight_decay=0.0, maximize=False,"))],
    },
    "NAdam": {
        "edit": [(ADAM, "    adam = torch.optim.NAdam(groups, betas=(ADAM_BETA1, ADAM_BETA2), eps=ADAM_EPS)\n")],
        "paraphrase": [(ADAM, "    decays = (ADAM_BETA1, ADAM_BETA2)\n    adam = torch.optim.NAdam(params=groups, betas=decays, eps=ADAM_EPS)\n")],
        "implementation": [(ADAM, "    adam = torch.optim.NAdam(groups, betas=(ADAM_BETA1, ADAM_BETA2), eps=ADAM_EPS, momentum_decay=0.004, decoupled_weight_decay=True)\n")],
        "unlike": [(ADAM, "    adam = torch.optim.RMSprop(groups, alpha=ADAM_BETA2, eps=ADAM_EPS)\n")],
    },
    "squared warm-up": {
        "edit": [(RISE, "        return (progress / WARMUP) ** 2\n")],
        "paraphrase": [(RISE, "        risen = progress / WARMUP\n        return risen * risen\n")],
        "implementation": [(RISE, "        return math.pow(progress / WARMUP, 2)\n")],
        "unlike": [(RISE, "        return math.sin(0.5 * math.pi * progress / WARMUP)\n")],
    },
    "smear the tokens": {
        "edit": [(FIRST, FIRST + "        x = x + 0.1 * torch.roll(x, 1, dims=1)\n")],
        "paraphrase": [(FIRST, FIRST + "        before = torch.roll(x, shifts=1, dims=1)\n        x = x + 0.1 * before\n")],
        "implementation": [(FIRST, FIRST + "        x = x + 0.1 * F.pad(x, (0, 0, 1, 0))[:, :-1]\n")],
        "unlike": [(FIRST, FIRST + "        x = x * x.size(-1) ** 0.5\n")],
    },
    "two MLPs": {
        "edit": [
            (HIDDEN, HIDDEN + "        self.first_up, self.first_down = Linear(shape.width, hidden), Linear(hidden, shape.width)\n"),
            (ATTEND, "        x = x + self.first_down(F.relu(self.first_up(norm(x))).square())\n" + ATTEND),
        ],
        "paraphrase": [
            (HIDDEN, HIDDEN + "        self.first_up = Linear(shape.width, hidden)\n        self.first_down = Linear(hidden, shape.width)\n"),
            (ATTEND, "        early = F.relu(self.first_up(norm(x))).square()\n        x = x + self.first_down(early)\n" + ATTEND),
        ],
        "implementation": [
            (HIDDEN, HIDDEN + "        self.early = nn.Sequential(Linear(shape.width, hidden), nn.ReLU(), Linear(hidden, shape.width))\n"),
            (ATTEND, "        x = x + self.early(norm(x))\n" + ATTEND),
        ],
        "unlike": [(ATTEND, ATTEND + "        x = norm(x)\n")],
    },
    "focal loss": {
        "edit": [(LOSS, LOSS + "            loss = loss * (1 - torch.exp(-loss))\n")],
        "paraphrase": [(LOSS, LOSS + "            easy = torch.exp(-loss)\n            loss = (1 - easy) * loss\n")],
        "implementation": [(LOSS, LOSS + "            loss = -loss * torch.expm1(-loss)\n")],
        "unlike": [(LOSS, LOSS + "            loss = torch.log1p(loss)\n")],
    },
}  # fmt: skip

KNOBS = (
    ("HEAD_LR", "0.004", "0.006", "6e-3", "0.0063", "0.008", "0.003"),
    ("SCALAR_LR", "0.05", "0.08", "0.0808", "0.083", "0.1", "0.04"),
    ("CONTEXT", "128", "256", "2**8", "272", "512", "64"),
    ("ADAM_BETA2", "0.95", "0.98", "0.9801", "0.9785", "0.99", "0.9"),
)
