"""Which code a command measures: what its script imports, else the sources that its program is built from. Pure."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

MAX_FILES = 20
_CODE = (".py", ".js", ".mjs", ".ts", ".c", ".h", ".cc", ".cpp", ".hpp", ".rs", ".go", ".java", ".jl", ".pl", ".rb")
_MEASURES = re.compile(r"(?:^|[^a-z])(?:\w*bench\w*|perf|speed|timing)(?:[^a-z]|$)")
_ASIDE = re.compile(
    r"(?:^|[/_.-])(?:\w*tests?|unit|\w*bench\w*|\w*examples?\d*|\w*demos?|docs?|smoke|repl|third_party|vendor|deps|matlab|windows|"
    r"node_modules|\w*config\w*|github)(?:[/_.-]|$)|\.d\.ts$|\.min\.",
    re.IGNORECASE,
)  # fmt: skip


def measures(path: str) -> bool:
    """Whether a file measures, by its name."""
    return bool(_MEASURES.search(PurePosixPath(path).name.lower()))


def measured(line: str, texts: Mapping[str, str], tree: Sequence[str]) -> list[str]:
    """The code files that a command measures."""
    words = line.replace("./", "").split()
    script = next((path for path in tree if path in words), None)
    if script is not None:
        text = texts.get(script, "")
        code = [path for path in tree if path != script and is_code(path)]
        named = [path for path in code if _is_named(path, text)]
        same = [path for path in code if PurePosixPath(path).suffix == PurePosixPath(script).suffix]
        return (named or same)[:MAX_FILES]
    return [path for path in tree if is_code(path) and not path.endswith((".py", ".js"))][:MAX_FILES]


def is_code(path: str) -> bool:
    """Whether a file is source code, and neither a test nor a benchmark nor an example."""
    return path.endswith(_CODE) and not _ASIDE.search(path)


def _is_named(path: str, text: str) -> bool:
    """Whether a program imports a file."""
    pure = PurePosixPath(path)
    if pure.suffix == ".py":
        module = re.escape(".".join(part for part in pure.with_suffix("").parts if part != "__init__"))
        return bool(re.search(rf"^\s*(?:from|import)\s+{module}\b", text, re.MULTILINE))
    return bool(re.search(rf"""["'<][./]*(?:\w+/)*{re.escape(pure.name)}["'>]""", text))
