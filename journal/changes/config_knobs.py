"""The knobs of YAML, TOML and JSON files: scalars named by their path, `optimizer.lr` or `betas[1]`. Pure.

The texts are scanned, not parsed into objects, because a knob is a place in a text: what the scan does not understand (block
texts, anchors, inline tables) holds no knob. Whether a file is valid is the gate's business.
"""

import json as strict
import re
from collections import Counter
from collections.abc import Iterator

from journal.changes.knob import Knob, KnobRange, Value, rules

LONGEST = 4_300  # digits of an integer that Python reads (sys.int_info.default_max_str_digits)
_INTEGER = re.compile(r"[-+]?\d+(_\d+)*")
_REAL = re.compile(r"[-+]?(\d+(_\d+)*(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_SCALAR = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s#,\[\]{}\"'&*|>!](?:[^#,\[\]{}]*[^\s#,\[\]{}])?"
_LINE = re.compile(
    rf"(?P<indent>[ ]*)(?P<key>[A-Za-z_][\w.-]*)\s*(?P<sign>[:=])[ \t]*(?:(?P<scalar>{_SCALAR})|(?P<list>\[[^\[\]{{}}]*\]))?"
    r"[ \t]*(?P<comment>#.*)?$"
)
_TABLE = re.compile(r"\s*\[(?P<name>[\w.-]+)\]\s*(#.*)?$")
_PART = re.compile(rf"(?:{_SCALAR})(?=\s*(?:,|$))")
_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


def yaml(text: str) -> tuple[Knob, ...]:
    """The scalars of nested mappings, and of lists on one line."""
    found: list[Knob] = []
    path: list[tuple[int, str]] = []  # indentation and key of the mappings that are open
    block: int | None = None  # indentation of the key of a block text, which holds no keys
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
        found += _of_line(name, match, start)
    return _once(found)


def toml(text: str) -> tuple[Knob, ...]:
    """The scalars of tables, and of arrays on one line."""
    found: list[Knob] = []
    table = ""
    for start, line in _lines(text):
        header = _TABLE.match(line)
        match = None if header else _LINE.match(line)
        if header:
            table = f"{header['name']}."
        elif line.lstrip().startswith("[["):
            table = "\0"  # arrays of tables have no one name
        elif match and match["sign"] == "=" and table != "\0":
            found += _of_line(f"{table}{match['key']}", match, start)
    return _once(found)


def json(text: str) -> tuple[Knob, ...]:
    """The scalars of objects and arrays."""
    return _once(list(_scalars([(match[0], match.start()) for match in _JSON.finditer(text)])))


def _scalars(words: list[tuple[str, int]]) -> Iterator[Knob]:
    levels: list[str | int] = []  # the key or the index at each open level
    before = ""
    for word, start in words:
        if word in ("{", "["):
            levels.append("" if word == "{" else 0)
        elif word in ("}", "]"):
            levels = levels[:-1]
        elif levels and word != ":":
            last = levels[-1]
            if word == ",":
                levels[-1] = last + 1 if isinstance(last, int) else ""
            elif isinstance(last, str) and before in ("{", ","):
                levels[-1] = word.strip('"')
            else:
                knob = _knob(_joined(levels), word, start, KnobRange())
                yield from [knob] if knob else []
        before = word


def _of_line(name: str, match: re.Match[str], start: int) -> Iterator[Knob]:
    comment = rules(match["comment"] or "")
    if match["scalar"] is not None:
        knob = _knob(name, match["scalar"].rstrip(), start + match.start("scalar"), comment)
        yield from [knob] if knob else []
    elif match["list"] is not None:
        for place, part in enumerate(_PART.finditer(match["list"], 1, len(match["list"]) - 1)):
            knob = _knob(f"{name}[{place}]", part[0].rstrip(), start + match.start("list") + part.start(), comment)
            yield from [knob] if knob else []


def _knob(name: str, source: str, start: int, comment: KnobRange) -> Knob | None:
    value = _value(source)
    if value is None:
        return None
    return Knob(name=name, value=value, source=source, start=start, end=start + len(source), rules=comment)


def _value(source: str) -> Value | None:
    if source in ("true", "false", "True", "False"):
        return source.lower() == "true"
    if _INTEGER.fullmatch(source):
        return int(source) if len(source) <= LONGEST else None
    if _REAL.fullmatch(source):
        return float(source)
    if source.startswith('"'):
        try:
            return str(strict.loads(source))
        except ValueError:
            return None
    return None if source in ("null", "~", "None") else source.strip("'")


def _joined(levels: list[str | int]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in levels)
    return "".join(parts).lstrip(".")


def _once(found: list[Knob]) -> tuple[Knob, ...]:
    """Names that stand once: what is set twice has no one place to edit."""
    stands = Counter(knob.name for knob in found)
    return tuple(knob for knob in found if stands[knob.name] == 1)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line.rstrip("\r")
        start += len(line) + 1
