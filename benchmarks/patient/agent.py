"""The proposer's command: what plan.json says for this experiment at the first attempt, later a plain setback."""

import json
import os
import sys
import time
from pathlib import Path

number, attempt = Path.cwd().parent.name.split("-")[:2]
plans = json.loads(Path("plan.json").read_text())
plan = plans[min(int(number), len(plans)) - 1]
if attempt != "1" or int(number) > len(plans):
    plan = {"line": f"{number}.{attempt} well {plan['loss']}", "agent": "edit"}


def edit() -> None:
    before, _, rest = Path("train.py").read_text().partition("PLAN = ")
    Path("train.py").write_text(f'{before}PLAN = "{plan["line"]}"\n{rest.partition(chr(10))[2]}')


def fail() -> None:
    sys.exit("anthropic.APIStatusError: 529 overloaded_error")


def hang() -> None:
    time.sleep(600)


def nothing() -> None:
    print("I would rather not.")


def broken() -> None:
    Path("train.py").write_text("def (\n")


def locked() -> None:
    Path("score.py").write_text("print('loss: 0')\n")


def link() -> None:
    Path("train.py").unlink()
    Path("train.py").symlink_to("/etc/passwd")


def binary() -> None:
    Path("train.py").write_bytes(os.urandom(1000))


def delete() -> None:
    Path("train.py").unlink()


def garbage() -> None:
    edit()
    Path("proposal.json").write_text('{"idea": ')


globals()[plan["agent"]]()
