"""The knobs of YAML, TOML and JSON files: scalars named by their path, `optimizer.lr` or `betas[1]`. Pure.

The texts are scanned, not parsed into objects, because a knob needs its offsets in the text. Syntax that the scan does not
know (block scalars, anchors, inline tables) has no knobs. The gate checks whether a file is valid.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator

from journal.changes.knob import Knob, KnobRange, Value, parse_range

MAX_LEVELS = 32  # of objects and arrays: a knob's name has a part for each
MAX_DIGITS = 4_300  # digits of an integer that Python reads (sys.int_info.default_max_str_digits)
_INTEGER = re.compile(r"[-+]?\d+(_\d+)*")
_REAL = re.compile(r"[-+]?(\d+(_\d+)*(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_SCALAR = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s#,\[\]{}\"'&*|>!](?:[^#,\[\]{}]*[^\s#,\[\]{}])?"
_LINE = re.compile(
    rf"(?P<indent>[ ]*)(?P<key>[A-Za-z_][\w.-]*)\s*(?P<sign>[:=])[ \t]*(?:(?P<scalar>{_SCALAR})|(?P<list>\[[^\[\]{{}}]*\]))?"
    r"[ \t]*(?P<comment>#.*)?$"
)
_TABLE = re.compile(r"\s*\[(?P<name>[\w.-]+)\]\s*(#.*)?$")
_PART = re.compile(rf"(?:{_SCALAR})(?=\s*(?:,|$))")
# a string without an end is one token, or the scan would begin anew at each of its quotation marks
_JSON = re.compile(r'"(?:[^"\\]++|\\(?:.|\Z))*+(?:"|\Z)|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def yaml_knobs(text: str) -> tuple[Knob, ...]:
    """The scalars of nested mappings, and of lists on one line."""
    found: list[Knob] = []
    path: list[tuple[int, str]] = []  # indentation and key of each enclosing mapping
    block: int | None = None  # indentation of the key of a block scalar, which has no keys
    for start, line in _lines(text):
        indent = len(line) - len(line.lstrip(" "))
        if line.strip() and block is not None and indent <= block:
            block = None
        match = _LINE.match(line) if block is None else None
        if match is None or match["sign"] != ":":
            block = indent if block is None and re.search(r":\s*[|>][-+\d]*\s*(#.*)?$", line) else block
            continue
        path = [entry for entry in path if entry[0] < indent]
        name = ".".join([key for _, key in path] + [match["key"]])
        path.append((indent, match["key"]))
        found += _line_knobs(name, match, start)
    return _unique(found)


def toml_knobs(text: str) -> tuple[Knob, ...]:
    """The scalars of tables, and of arrays on one line."""
    found: list[Knob] = []
    table = ""
    for start, line in _lines(text):
        header = _TABLE.match(line)
        match = None if header else _LINE.match(line)
        if header:
            table = f"{header['name']}."
        elif line.lstrip().startswith("[["):
            table = "\0"  # arrays of tables have no unique name
        elif match and match["sign"] == "=" and table != "\0":
            found += _line_knobs(f"{table}{match['key']}", match, start)
    return _unique(found)


def json_knobs(text: str) -> tuple[Knob, ...]:
    """The scalars of objects and arrays."""
    return _unique(list(_scalars([(match[0], match.start()) for match in _JSON.finditer(text)])))


def _scalars(tokens: list[tuple[str, int]]) -> Iterator[Knob]:
    levels: list[str | int] = []  # the key or the index at each open level
    previous = ""
    for sign, start in tokens:
        if sign in ("{", "["):
            levels.append("" if sign == "{" else 0)
        elif sign in ("}", "]"):
            del levels[-1:]
        elif levels and sign != ":":
            last = levels[-1]
            if sign == ",":
                levels[-1] = last + 1 if isinstance(last, int) else ""
            elif isinstance(last, str) and previous in ("{", ","):
                levels[-1] = sign.strip('"')
            elif len(levels) <= MAX_LEVELS:
                knob = _knob(_path(levels), sign, start, KnobRange())
                yield from [knob] if knob else []
        previous = sign


def _line_knobs(name: str, match: re.Match[str], start: int) -> Iterator[Knob]:
    allowed = parse_range(match["comment"] or "")
    if match["scalar"] is not None:
        knob = _knob(name, match["scalar"].rstrip(), start + match.start("scalar"), allowed)
        yield from [knob] if knob else []
    elif match["list"] is not None:
        for index, part in enumerate(_PART.finditer(match["list"], 1, len(match["list"]) - 1)):
            knob = _knob(f"{name}[{index}]", part[0].rstrip(), start + match.start("list") + part.start(), allowed)
            yield from [knob] if knob else []


def _knob(name: str, source: str, start: int, allowed: KnobRange) -> Knob | None:
    value = _value(source)
    if value is None:
        return None
    return Knob(name=name, value=value, source=source, start=start, end=start + len(source), range=allowed)


def _value(source: str) -> Value | None:
    if source in ("true", "false", "True", "False"):
        return source.lower() == "true"
    if _INTEGER.fullmatch(source):
        return int(source) if len(source) <= MAX_DIGITS else None
    if _REAL.fullmatch(source):
        return float(source)
    if source.startswith('"'):
        try:
            return str(json.loads(source))
        except ValueError:
            return None
    return None if source in ("null", "~", "None") else source.strip("'")


def _path(levels: list[str | int]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in levels)
    return "".join(parts).lstrip(".")


def _unique(found: list[Knob]) -> tuple[Knob, ...]:
    """The knobs whose name occurs once; a name that occurs twice has no single place to edit."""
    counts = Counter(knob.name for knob in found)
    return tuple(knob for knob in found if counts[knob.name] == 1)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line.rstrip("\r")
        start += len(line) + 1
