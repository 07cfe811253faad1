"""The one table of keys: it drives dispatch, the footer, the help, the documentation and the tests. Pure.

No key needs ctrl or alt. A control key only asks; another key, `CONFIRM`, acts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

EVERYWHERE = frozenset({"live", "history", "experiment", "failures", "sql", "replay"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One binding: `keys` as Textual names them, `shown` as a person reads them."""

    keys: tuple[str, ...]
    shown: str
    action: str
    label: str
    help: str
    where: frozenset[str] = EVERYWHERE
    footer: bool = False
    control: bool = False  # posts an intent, so absent when read-only or in replay


KEYS = (Key(keys=("q", "ctrl+c"), shown="q", action="quit", label="quit", help="leave; the loop goes on", footer=True),)


def bound(key: str, screen: str) -> Key | None:
    """The binding of a key on a screen."""
    return next((one for one in KEYS if key in one.keys and screen in one.where), None)


def footer_keys(screen: str, *, readonly: bool, replay: bool) -> Iterator[Key]:
    """What the footer of a screen shows, in order."""
    for one in KEYS:
        if one.footer and screen in one.where and not (one.control and (readonly or replay)):
            yield one
