"""Maps roles to styles. The default theme uses the terminal's own sixteen colours; no state is shown by colour alone."""

from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style

Theme = Mapping[str, str]

ROLES = (
    "", "title", "strong", "verdict", "dim", "heading", "rule", "good", "bad", "warn", "accent", "key", "bar", "bar_empty",
    "curve", "incumbent", "again", "band", "axis", "cursor", "tab", "chip", "banner", "prompt",
    "added", "removed", "hunk", "code_keyword", "code_string", "code_number", "code_comment",
)  # fmt: skip

TERMINAL: Theme = {
    "": "none",
    "title": "bold", "strong": "bold", "verdict": "bold bright_white", "dim": "bright_black", "heading": "bright_black",
    "rule": "bright_black",
    "good": "green", "bad": "red", "warn": "yellow", "accent": "cyan", "key": "bold",
    "bar": "cyan", "bar_empty": "bright_black", "curve": "cyan", "incumbent": "white", "again": "yellow",
    "band": "bright_black", "axis": "bright_black", "cursor": "reverse", "tab": "bold reverse cyan", "chip": "reverse yellow",
    "banner": "reverse yellow", "prompt": "bold",
    "added": "green", "removed": "red", "hunk": "cyan",
    "code_keyword": "magenta", "code_string": "yellow", "code_number": "blue", "code_comment": "bright_black",
}  # fmt: skip


def _theme(*, text: str, background: str, strong: str, cursor: str, banner: str, **colours: str) -> Theme:
    """A theme with colours of its own; `colours` has dim, rule, empty, good, bad, warn, accent and keyword."""
    good, bad, warn, accent = colours["good"], colours["bad"], colours["warn"], colours["accent"]
    return {
        "": f"{text} on {background}",
        **dict.fromkeys(("title", "strong", "key", "prompt"), f"bold {text}"), "verdict": f"bold {strong}",
        **dict.fromkeys(("dim", "axis", "heading", "code_comment"), colours["dim"]),
        "incumbent": text, "again": warn, "band": colours["rule"], "tab": f"bold {background} on {accent}", "chip": banner,
        **dict.fromkeys(("accent", "bar", "curve", "hunk", "code_number"), accent),
        **dict.fromkeys(("good", "added"), good), **dict.fromkeys(("bad", "removed"), bad),
        **dict.fromkeys(("warn", "code_string"), warn),
        "rule": colours["rule"], "bar_empty": colours["empty"], "cursor": cursor, "banner": banner,
        "code_keyword": colours["keyword"],
    }  # fmt: skip


DARK = _theme(
    text="#d7dae0", background="#16181d", strong="#ffffff", dim="#8a919e", rule="#4a505c", empty="#3a3f4a",
    good="#7fd88f", bad="#ff7b72", warn="#e3b341", accent="#6cb6ff", keyword="#d2a8ff",
    cursor="on #2d3340", banner="#16181d on #e3b341",
)  # fmt: skip

LIGHT = _theme(
    text="#24292f", background="#ffffff", strong="#000000", dim="#636c76", rule="#b4bac2", empty="#d0d7de",
    good="#116329", bad="#b3261e", warn="#7a4d00", accent="#0550ae", keyword="#8250df",
    cursor="on #dbe9f9", banner="#ffffff on #7a4d00",
)  # fmt: skip

CONTRAST = _theme(
    text="#ffffff", background="#000000", strong="#ffffff", dim="#e0e0e0", rule="#ffffff", empty="#808080",
    good="bold #00ff66", bad="bold #ff6b6b", warn="bold #ffd500", accent="bold #00e5ff", keyword="#ff9cff",
    cursor="#000000 on #ffd500", banner="bold #000000 on #ffd500",
)  # fmt: skip

PLAIN: Theme = {
    **dict.fromkeys(ROLES, "none"),
    **dict.fromkeys(("title", "strong", "verdict", "key", "prompt", "added"), "bold"),
    **dict.fromkeys(("cursor", "tab", "chip", "banner"), "reverse"),
}

THEMES: Mapping[str, Theme] = {
    "terminal": TERMINAL, "dark": DARK, "light": LIGHT, "contrast": CONTRAST, "plain": PLAIN
}  # fmt: skip


@lru_cache(maxsize=2_048)
def style(theme: str, role: str) -> Style:
    """The style of a role; of several words the later ones override the earlier ones."""
    table = THEMES[theme]
    combined = Style.parse(table[""])
    for word in role.split():
        combined += Style.parse(table[word])
    return combined
