"""`python -m loop.judges.rubric RUBRIC [--built] FILE…`: one number from a mechanical scan and a judge model.

It prints `score: NUMBER` (at most 10, higher is better), the judge's own σ, what the scan took off, and the cost. The files
are read as text and never run; a symbolic link is not followed. Behind `--built` stand files that the training wrote into
its output folder, `$AR_OUT`.
"""

import json
import os
import random
import secrets
import stat
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from journal.events import Usage
from loop.errors import BadInput
from loop.judges import USAGE, criteria, panel
from loop.judges.criteria import Rubric, RubricScore
from loop.judges.panel import Panel
from loop.llm import prices
from loop.llm.messages import Fault, Messages

BUILT = "--built"
MOST_BYTES = 4 << 20  # of one file


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 with a score, 1 where the judge gives none, 2 for bad input."""
    if len(arguments) < 2 or arguments[-1] == BUILT:
        print(f"usage: python -m loop.judges.rubric RUBRIC [{BUILT}] FILE…", file=sys.stderr)
        return 2
    used: list[Usage] = []
    graded = Rubric()
    try:
        graded = criteria.read(_text(Path(arguments[0])), name=arguments[0])
        text = "\n\n".join(map(_text, _files(arguments[1:])))
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


def judge(graded: Rubric, text: str, *, messages: Messages | None, used: list[Usage]) -> RubricScore:
    """The score of a text; each call's usage goes to `used`. Raises Fault where the judge gives no grades."""
    if messages is None:
        return criteria.score(graded, text, [])
    mark = f"=== {secrets.token_hex(8)} ==="  # drawn afresh: a text cannot hold it, and so cannot end itself
    asked = Panel(messages=messages, sleep=time.sleep, jitter=random.random)
    return criteria.score(graded, text, panel.grades(graded, text, panel=asked, mark=mark, used=used))


def report(score: RubricScore) -> list[str]:
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


def _files(names: Sequence[str]) -> list[Path]:
    """The files that are judged; those behind `--built` lie in the output folder, itself and no deeper."""
    cut = names.index(BUILT) if BUILT in names else len(names)
    built, out = names[cut + 1 :], os.environ.get("AR_OUT")
    if built and not out:
        raise BadInput(f"{BUILT} needs the folder of what the training wrote: the loop names it as $AR_OUT.")
    if deeper := next((name for name in built if Path(name).name != name), None):
        raise BadInput(f"{BUILT} takes names of files, without a folder: not {deeper}.")
    return [*map(Path, names[:cut]), *(Path(out or "", name) for name in built)]


def _text(path: Path) -> str:
    """A regular file's text; whatever else a training may have put there is refused before it is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
                raise BadInput(f"{path} is no file of at most {MOST_BYTES >> 20} MiB.")
            return file.read().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text: {getattr(error, 'strerror', None) or error}.") from error


def _api() -> Messages:
    from loop.llm.api import Api  # noqa: PLC0415  # the SDK takes a second to load

    return Api()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
