"""Roles to styles. The default theme is the terminal's own sixteen colours; state is never told by colour alone."""

from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style

Theme = Mapping[str, str]

ROLES = (
    "", "title", "strong", "dim", "rule", "good", "bad", "warn", "accent", "key", "bar", "bar_empty",
    "curve", "rival", "axis", "cursor", "banner", "prompt",
    "added", "removed", "hunk", "code_keyword", "code_string", "code_number", "code_comment",
)  # fmt: skip

TERMINAL: Theme = {
    "": "none",
    "title": "bold", "strong": "bold", "dim": "bright_black", "rule": "bright_black",
    "good": "green", "bad": "red", "warn": "yellow", "accent": "cyan", "key": "bold",
    "bar": "cyan", "bar_empty": "bright_black", "curve": "cyan", "rival": "bright_black", "axis": "bright_black",
    "cursor": "reverse", "banner": "reverse yellow", "prompt": "bold",
    "added": "green", "removed": "red", "hunk": "cyan",
    "code_keyword": "magenta", "code_string": "yellow", "code_number": "blue", "code_comment": "bright_black",
}  # fmt: skip


def _theme(
    *, text: str, ground: str, strong: str, dim: str, rule: str, empty: str, cursor: str, banner: str, **ink: str
) -> Theme:
    """A theme of its own colours; `ink` has good, bad, warn, accent and keyword."""
    good, bad, warn, accent = ink["good"], ink["bad"], ink["warn"], ink["accent"]
    return {
        "": f"{text} on {ground}",
        **dict.fromkeys(("title", "strong", "key", "prompt"), f"bold {strong}"),
        **dict.fromkeys(("dim", "axis", "rival", "code_comment"), dim),
        **dict.fromkeys(("accent", "bar", "curve", "hunk", "code_number"), accent),
        **dict.fromkeys(("good", "added"), good), **dict.fromkeys(("bad", "removed"), bad),
        **dict.fromkeys(("warn", "code_string"), warn),
        "rule": rule, "bar_empty": empty, "cursor": cursor, "banner": banner, "code_keyword": ink["keyword"],
    }  # fmt: skip


DARK = _theme(
    text="#d7dae0", ground="#16181d", strong="#ffffff", dim="#8a919e", rule="#4a505c", empty="#3a3f4a",
    good="#7fd88f", bad="#ff7b72", warn="#e3b341", accent="#6cb6ff", keyword="#d2a8ff",
    cursor="on #2d3340", banner="#16181d on #e3b341",
)  # fmt: skip

LIGHT = _theme(
    text="#24292f", ground="#ffffff", strong="#000000", dim="#636c76", rule="#b4bac2", empty="#d0d7de",
    good="#116329", bad="#b3261e", warn="#7a4d00", accent="#0550ae", keyword="#8250df",
    cursor="on #dbe9f9", banner="#ffffff on #7a4d00",
)  # fmt: skip

CONTRAST = _theme(
    text="#ffffff", ground="#000000", strong="#ffffff", dim="#e0e0e0", rule="#ffffff", empty="#808080",
    good="bold #00ff66", bad="bold #ff6b6b", warn="bold #ffd500", accent="bold #00e5ff", keyword="#ff9cff",
    cursor="#000000 on #ffd500", banner="bold #000000 on #ffd500",
)  # fmt: skip

PLAIN: Theme = {
    **dict.fromkeys(ROLES, "none"),
    **dict.fromkeys(("title", "strong", "key", "prompt", "added"), "bold"),
    **dict.fromkeys(("cursor", "banner"), "reverse"),
}

THEMES: Mapping[str, Theme] = {
    "terminal": TERMINAL, "dark": DARK, "light": LIGHT, "contrast": CONTRAST, "plain": PLAIN
}  # fmt: skip


@lru_cache(maxsize=2_048)
def style(theme: str, role: str) -> Style:
    """The style of a role, or of several words together, the later ones over the earlier."""
    table = THEMES[theme]
    combined = Style.parse(table[""])
    for word in role.split():
        combined += Style.parse(table[word])
    return combined
