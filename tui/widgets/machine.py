"""How busy the machine is: use, temperature and memory of the processor and of each GPU, with a small history. Pure."""

from collections.abc import Sequence

from journal.events.recorded import MachineSample
from tui.terminal.formatting import memory, percent, sanitize
from tui.widgets.diff import StyledText

EIGHTHS = "▁▂▃▄▅▆▇█"
HISTORY = 12  # samples, about a second apart
IDLE = 0.1  # use of a GPU over its history, below which it does not work on the run


def machine_line(samples: Sequence[MachineSample]) -> StyledText:
    """The devices one after the other, GPUs first; boxes are named if there are several."""
    by_device: dict[tuple[str, str], list[MachineSample]] = {}
    for sample in samples:
        by_device.setdefault((sample.host, sample.device), []).append(sample)
    has_hosts = len({host for host, _ in by_device}) > 1
    parts: list[tuple[str, str]] = []
    for key in sorted(by_device, key=lambda key: (key[1] == "cpu", key)):
        parts += [("   ", "")] if parts else []
        parts += _device(by_device[key][-HISTORY:], host=sanitize(f"{key[0]} ") if has_hosts else "")
    return tuple(parts)


def _device(history: Sequence[MachineSample], *, host: str) -> list[tuple[str, str]]:
    last, uses = history[-1], [sample.utilization for sample in history if sample.utilization is not None]
    parts = [(f"{host}{sanitize(last.device)} ", "strong")]
    if uses:
        parts += [("".join(map(_bar, uses)), "bar"), (f" {percent(uses[-1])}", "")]
    if last.temperature is not None:
        parts.append((f" {last.temperature:.0f} °C", ""))
    if last.memory is not None:
        parts.append((f" {memory(last.memory)} of {memory(last.memory_total)}", "dim"))
    if last.throttled:
        parts.append((f" throttled: {sanitize(last.throttled)}", "warn"))
    elif last.device != "cpu" and len(uses) == HISTORY and max(uses) < IDLE:
        parts.append((" idle", "warn"))
    return parts


def _bar(use: float) -> str:
    return EIGHTHS[round(max(0.0, min(1.0, use)) * (len(EIGHTHS) - 1))]
