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

DARK: Theme = {
    "": "#d7dae0 on #16181d",
    "title": "bold #ffffff", "strong": "bold #ffffff", "dim": "#8a919e", "rule": "#4a505c",
    "good": "#7fd88f", "bad": "#ff7b72", "warn": "#e3b341", "accent": "#6cb6ff", "key": "bold #ffffff",
    "bar": "#6cb6ff", "bar_empty": "#3a3f4a", "curve": "#6cb6ff", "rival": "#8a919e", "axis": "#8a919e",
    "cursor": "on #2d3340", "banner": "#16181d on #e3b341", "prompt": "bold #ffffff",
    "added": "#7fd88f", "removed": "#ff7b72", "hunk": "#6cb6ff",
    "code_keyword": "#d2a8ff", "code_string": "#e3b341", "code_number": "#6cb6ff", "code_comment": "#8a919e",
}  # fmt: skip

LIGHT: Theme = {
    "": "#24292f on #ffffff",
    "title": "bold #000000", "strong": "bold #000000", "dim": "#636c76", "rule": "#b4bac2",
    "good": "#116329", "bad": "#b3261e", "warn": "#7a4d00", "accent": "#0550ae", "key": "bold #000000",
    "bar": "#0550ae", "bar_empty": "#d0d7de", "curve": "#0550ae", "rival": "#8c959f", "axis": "#636c76",
    "cursor": "on #dbe9f9", "banner": "#ffffff on #7a4d00", "prompt": "bold #000000",
    "added": "#116329", "removed": "#b3261e", "hunk": "#0550ae",
    "code_keyword": "#8250df", "code_string": "#7a4d00", "code_number": "#0550ae", "code_comment": "#636c76",
}  # fmt: skip

CONTRAST: Theme = {
    "": "#ffffff on #000000",
    "title": "bold #ffffff", "strong": "bold #ffffff", "dim": "#e0e0e0", "rule": "#ffffff",
    "good": "bold #00ff66", "bad": "bold #ff6b6b", "warn": "bold #ffd500", "accent": "bold #00e5ff", "key": "bold #ffd500",
    "bar": "#ffffff", "bar_empty": "#808080", "curve": "#00e5ff", "rival": "#e0e0e0", "axis": "#ffffff",
    "cursor": "#000000 on #ffd500", "banner": "bold #000000 on #ffd500", "prompt": "bold #ffffff",
    "added": "#00ff66", "removed": "#ff6b6b", "hunk": "#00e5ff",
    "code_keyword": "#ff9cff", "code_string": "#ffd500", "code_number": "#00e5ff", "code_comment": "#e0e0e0",
}  # fmt: skip

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
