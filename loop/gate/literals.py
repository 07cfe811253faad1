"""How much data a change adds to the code, in any language: as literals, and in any other form. Pure.

Literals are numbers, strings, comments and very long names. Code that was written for its effect holds few of them. Weights, or
a text that a model shall know by heart, hold little else. Short names, operators and indentation can hold data too, but code
with data in it cannot be compressed: 2,000 lines of dense Python take 26 kB.
A string without an end reaches to the end of its line or file, and is not searched again, so that the time stays linear.
"""

import re
import zlib
from collections.abc import Mapping

LONG_NAME = 40  # characters; a longer name may hold data
_LITERAL = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\\?\Z)|'
    r"'''(?:[^'\\]++|\\.|'(?!''))*+(?:'''|\\?\Z)|"
    r'"(?:[^"\\\n]++|\\.)*+"?|'
    r"'(?:[^'\\\n]++|\\.)*+'?|"
    r"(?:\#|//)[^\n]*|"
    r"(?<![\w.])\d[\w.]*|"
    rf"\w{{{LONG_NAME + 1},}}",
    re.DOTALL,
)


def added_bytes(files: Mapping[str, str], before: Mapping[str, str]) -> int:
    """Bytes of literals in the new texts beyond those of the old texts; what a file loses does not pay for another file."""
    return sum(max(0, _bytes(text) - _bytes(before.get(path, ""))) for path, text in files.items())


def compressed_bytes(files: Mapping[str, str], before: Mapping[str, str]) -> int:
    """Bytes of the lines that no old text of the same file has, compressed together (zlib)."""
    added: list[str] = []
    for path, text in files.items():
        old = set(before.get(path, "").split("\n"))
        added += [line for line in text.split("\n") if line not in old]
    return len(zlib.compress("\n".join(added).encode("utf-8", "surrogatepass"), 9))


def _bytes(text: str) -> int:
    return sum(len(match[0].encode("utf-8", "surrogatepass")) for match in _LITERAL.finditer(text))
