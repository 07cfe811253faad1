"""`python -m loop.judges.rubric RUBRIC FILE…`: one number from a mechanical scan and a judge model.

It prints `score: NUMBER` (at most 10, higher is better), the judge's own σ, what the scan took off, and the cost. The files
are read as text and never run; a symbolic link is not followed.
"""

import json
import os
import random
import secrets
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from journal.events import Usage
from loop.errors import BadInput
from loop.judges import criteria, panel
from loop.judges.criteria import Rubric, Score
from loop.judges.panel import Panel
from loop.proposers import prices
from loop.proposers.asking import Fault, Messages

USAGE = "judge_usage:"  # begins the line on which the cost stands as JSON


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 with a score, 1 where the judge gives none, 2 for bad input."""
    if len(arguments) < 2:
        print("usage: python -m loop.judges.rubric RUBRIC FILE…", file=sys.stderr)
        return 2
    used: list[Usage] = []
    graded = Rubric()
    try:
        graded = criteria.read(_text(Path(arguments[0])), name=arguments[0])
        text = "\n\n".join(_text(Path(name)) for name in arguments[1:])
        score = judge(graded, text, messages=_api() if graded.criteria else None, used=used)
    except BadInput as error:
        print(f"judge: {error}", file=sys.stderr)
        return 2
    except Fault as fault:
        print(f"judge: {fault}", file=sys.stderr)
        print("\n".join(costs(used, model=graded.model)))
        return 1
    print("\n".join([*report(score), *costs(used, model=graded.model)]))
    return 0


def judge(graded: Rubric, text: str, *, messages: Messages | None, used: list[Usage]) -> Score:
    """The score of a text; each call's usage goes to `used`. Raises Fault where the judge gives no grades."""
    if messages is None:
        return criteria.score(graded, text, [])
    mark = f"=== {secrets.token_hex(8)} ==="  # drawn afresh: a text cannot hold it, and so cannot end itself
    asked = Panel(messages=messages, sleep=time.sleep, jitter=random.random)
    return criteria.score(graded, text, panel.grades(graded, text, panel=asked, mark=mark, used=used))


def report(score: Score) -> list[str]:
    """The score on a line of its own, then what it consists of."""
    return [
        f"score: {score.value:.4f}",
        f"sigma: {'unknown' if score.sigma is None else format(score.sigma, '.4f')}",
        f"judged: {score.judged:.4f}",
        f"scan: {-score.scanned:.4f}",
        *(f"{name}: {grade:.4f}" for name, grade in score.by_criterion.items()),
    ]


def costs(used: Sequence[Usage], *, model: str) -> list[str]:
    """What the judge cost, for people and as JSON."""
    whole = _sum(used, model=model)
    return [
        f"dollars: {'unknown' if whole.dollars is None else format(whole.dollars, '.6f')}",
        f"{USAGE} {json.dumps(msgspec.to_builtins(whole))}",
    ]


def _sum(used: Sequence[Usage], *, model: str) -> Usage:
    today = datetime.now(UTC).date()
    priced = [prices.dollars(model, usage, on=today) for usage in used]
    return Usage(
        tokens_in=sum(usage.tokens_in for usage in used),
        tokens_out=sum(usage.tokens_out for usage in used),
        tokens_cache_read=sum(usage.tokens_cache_read for usage in used),
        tokens_cache_written=sum(usage.tokens_cache_written for usage in used),
        calls=len(used),
        dollars=None if None in priced else sum(price for price in priced if price is not None),
    )


def _text(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with open(descriptor, encoding="utf-8") as file:  # noqa: PTH123
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text: {getattr(error, 'strerror', None) or error}.") from error


def _api() -> Messages:
    from loop.proposers.claude import Api  # noqa: PLC0415  # the SDK takes a second to load

    return Api()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
