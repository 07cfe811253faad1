"""Metrics and differences as text, with digits that follow the noise. Pure."""

import math

DECIMALS = 4  # of a metric whose σ is unknown
MAX_DECIMALS = 12


def format_metric(value: float | None, sigma: float | None = None) -> str:
    """A metric with the digits that its noise leaves: two of σ; without σ enough to see a difference."""
    if value is None:
        return "-"
    if abs(value) >= 10 ** (DECIMALS + 5):
        return f"{value:.6g}"
    if sigma is not None and 0 < sigma < math.inf:
        return f"{value:.{_decimals(sigma)}f}"
    if abs(value) >= 1000:
        return f"{value:.6g}"
    return f"{value:.{DECIMALS}f}" if abs(value) >= 0.1 or value == 0 else f"{value:.4g}"


def format_change(before: float | None, after: float | None, sigma: float | None = None) -> str:
    """Two metrics as `before → after`, with as many more digits as it takes to tell them apart."""
    texts = format_metric(before, sigma), format_metric(after, sigma)
    if before is not None and after is not None and 0 < abs(after - before) < math.inf and texts[0] == texts[1]:
        decimals = _decimals(abs(after - before))
        texts = f"{before:.{decimals}f}", f"{after:.{decimals}f}"
    return " → ".join(texts)


def format_delta(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+.3g}"


def _decimals(step: float) -> int:
    """Decimals that show two digits of a step."""
    return min(MAX_DECIMALS, max(0, 1 - math.floor(math.log10(step))))
