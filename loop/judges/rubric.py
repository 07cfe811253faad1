"""`python -m loop.judges.rubric RUBRIC [--built] FILE…`: one number from a mechanical scan and a judge model.

It prints `score: NUMBER` (at most 10, higher is better), the judge's own σ, the points of the scan, and the cost. It reads
the files as text, never runs them, and follows no symbolic link. Files after `--built` are those that the training wrote
into its output folder, `$AR_OUT`.
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
from loop.judges import USAGE_PREFIX, criteria, panel
from loop.judges.criteria import Rubric, RubricScore
from loop.judges.panel import Panel
from loop.llm import prices
from loop.llm.messages import Fault, Messages, total_usage

BUILT = "--built"
MAX_BYTES = 4 << 20  # of one file


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 for a score, 1 if the judge gives none, 2 for bad input."""
    if len(arguments) < 2 or arguments[-1] == BUILT:
        print(f"usage: python -m loop.judges.rubric RUBRIC [{BUILT}] FILE…", file=sys.stderr)
        return 2
    usages: list[Usage] = []
    rubric = Rubric()
    try:
        rubric = criteria.read(_text(Path(arguments[0])), name=arguments[0])
        text = "\n\n".join(map(_text, _files(arguments[1:])))
        score = score_text(rubric, text, messages=_api() if rubric.criteria else None, usages=usages)
    except BadInput as error:
        print(f"judge: {error}", file=sys.stderr)
        return 2
    except Fault as fault:
        print(f"judge: {fault}", file=sys.stderr)
        print("\n".join(cost_lines(usages, model=rubric.model)))
        return 1
    print("\n".join([*score_lines(score), *cost_lines(usages, model=rubric.model)]))
    return 0


def score_text(rubric: Rubric, text: str, *, messages: Messages | None, usages: list[Usage]) -> RubricScore:
    """The score of a text; each call appends its usage to `usages`. Raises Fault if the judge gives no grades."""
    if messages is None:
        return criteria.score(rubric, text, [])
    mark = f"=== {secrets.token_hex(8)} ==="  # random, so that the text cannot contain it and end itself early
    judges = Panel(messages=messages, sleep=time.sleep, jitter=random.random)
    return criteria.score(rubric, text, panel.grade(rubric, text, panel=judges, mark=mark, usages=usages))


def score_lines(score: RubricScore) -> list[str]:
    """The score on a line of its own, then its parts."""
    return [
        f"score: {score.value:.4f}",
        f"sigma: {'unknown' if score.sigma is None else format(score.sigma, '.4g')}",
        f"judged: {score.judged:.4f}",
        f"scan: {-score.scanned:.4f}",
        *(f"{name}: {grade:.4f}" for name, grade in score.by_criterion.items()),
    ]


def cost_lines(usages: Sequence[Usage], *, model: str) -> list[str]:
    """The judge's cost, for people and as JSON."""
    today = datetime.now(UTC).date()
    priced = [msgspec.structs.replace(usage, dollars=prices.dollars(model, usage, on=today)) for usage in usages]
    total = total_usage(priced)
    return [
        f"dollars: {'unknown' if total.dollars is None else format(total.dollars, '.6f')}",
        f"{USAGE_PREFIX} {json.dumps(msgspec.to_builtins(total))}",
    ]


def _files(names: Sequence[str]) -> list[Path]:
    """The files to judge; those after `--built` are directly in the output folder."""
    cut = names.index(BUILT) if BUILT in names else len(names)
    built, out = names[cut + 1 :], os.environ.get("AR_OUT")
    if built and not out:
        raise BadInput(f"{BUILT} needs the environment variable AR_OUT, the output folder of the training.")
    if nested := next((name for name in built if Path(name).name != name), None):
        raise BadInput(f"{BUILT} takes file names without a folder, not {nested}.")
    return [*map(Path, names[:cut]), *(Path(out or "", name) for name in built)]


def _text(path: Path) -> str:
    """A regular file's text; anything else that a training may have left there is refused before it is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
                raise BadInput(f"{path} is not a file of at most {MAX_BYTES >> 20} MiB.")
            return file.read().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text: {getattr(error, 'strerror', None) or error}.") from error


def _api() -> Messages:
    from loop.llm.api import MessagesApi  # noqa: PLC0415  # the SDK takes a second to load

    return MessagesApi()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
