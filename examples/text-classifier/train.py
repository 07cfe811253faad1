"""A bag-of-words classifier with hidden layers. What it is made of stands in config.yaml."""

import os
from collections import Counter
from itertools import pairwise
from pathlib import Path

import torch
import yaml
from torch import nn

from data import PACKAGES, passages

VOCABULARY, EPOCHS = 2000, 8


def table(texts: list[str], words: dict[str, int]) -> torch.Tensor:
    """(texts, vocabulary): which words a text holds."""
    found = torch.zeros(len(texts), len(words))
    for row, text in enumerate(texts):
        found[row, [words[word] for word in text.split() if word in words]] = 1.0
    return found


def model(config: dict[str, float]) -> nn.Sequential:
    sizes = [VOCABULARY] + [int(config["hidden_size"])] * int(config["layers"])
    hidden = [
        part
        for before, after in pairwise(sizes)
        for part in (nn.Linear(before, after), nn.ReLU(), nn.Dropout(config["dropout"]))
    ]
    return nn.Sequential(*hidden, nn.Linear(sizes[-1], len(PACKAGES)))


def main() -> None:
    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    torch.manual_seed(int(os.environ.get("AR_SEED", "1")))
    torch.set_num_threads(1)
    train, held_out = passages()
    counts = Counter(word for text, _ in train for word in text.split())
    words = {word: index for index, (word, _) in enumerate(counts.most_common(VOCABULARY))}
    x, y = table([text for text, _ in train], words), torch.tensor([label for _, label in train])
    net = model(config)
    optimizer = torch.optim.Adam(net.parameters(), lr=config["learning_rate"])
    for epoch in range(EPOCHS):
        net.train()
        for batch in torch.randperm(len(x)).split(int(config["batch_size"])):
            loss = nn.functional.cross_entropy(net(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}")
    net.eval()
    with torch.no_grad():
        right = net(table([text for text, _ in held_out], words)).argmax(1) == torch.tensor(
            [label for _, label in held_out]
        )
    print(f"Validation accuracy: {right.float().mean().item():.4f}")


if __name__ == "__main__":
    main()
