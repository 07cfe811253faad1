"""How many bytes of literals a change adds: numbers, strings, comments and very long names, in any language. Pure.

Code that was written for its effect holds few of them. Weights, or a text that a model shall know by heart, hold little else.
"""

import re
from collections.abc import Mapping

LONG_NAME = 40  # characters; a longer name may hold data
_LITERAL = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|'
    r"'''(?:[^\\]|\\.)*?'''|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'(?:[^'\\\n]|\\.)*'|"
    r"(?:\#|//)[^\n]*|"
    r"(?<![\w.])\d[\w.]*|"
    rf"\w{{{LONG_NAME + 1},}}",
    re.DOTALL,
)


def added_bytes(files: Mapping[str, str], before: Mapping[str, str]) -> int:
    """Bytes of literals in the new texts beyond those of the old texts; what a file loses does not pay for another file."""
    return sum(max(0, _bytes(text) - _bytes(before.get(path, ""))) for path, text in files.items())


def _bytes(text: str) -> int:
    return sum(len(match[0].encode()) for match in _LITERAL.finditer(text))
