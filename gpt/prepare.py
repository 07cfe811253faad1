"""Text -> tokenizer, training shards and a pinned validation part. Run once; the second call finds everything in place.

The default text is what every Python carries: the sources of its standard library and the language reference of
`pydoc_data`. Nothing is downloaded. `--text FOLDER` reads a folder of your own instead.

A document is one file (or one topic of the reference). Which documents are set aside for validation depends on the
hash of their content alone, so it is the same on every machine with the same Python. No document and no block of
BLOCK lines is in both parts.
"""

from __future__ import annotations

import argparse
import ast
import base64
import contextlib
import hashlib
import json
import os
import shutil
import sys
import sysconfig
import time
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rustbpe
import tiktoken

from gpt import data

FORMAT = 1  # raise it when the same text would be laid out differently
BLOCK = 5  # consecutive non-blank lines that may not be in both parts
SHARD_TOKENS = 50_000_000
PROFILES = Path(__file__).with_name("profiles.toml")
# GPT-4's split pattern with numbers in groups of at most two digits, as in nanochat: a small vocabulary has no room for 1,000.
PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
TABLES = {"encodings", "site-packages", "dist-packages", "__pycache__", "pydoc_data"}  # data, or not the library's
TESTS = {"test", "tests", "idle_test"}
TEXT_SUFFIXES = {".txt", ".md", ".rst", ".py", ".jsonl"}


@dataclass(frozen=True)
class Parts:
    """Documents of the two parts, after deduplication."""

    train: list[str]
    val: list[str]


@dataclass(frozen=True)
class Request:
    """What shall be in place: a profile by name, its table, and where text comes from and goes to."""

    name: str
    profile: dict[str, dict[str, object]]
    text: Path | None
    out: Path

    def fingerprint(self) -> str:
        """Equal for two requests that build the same bytes."""
        source = str(self.text.resolve()) if self.text else f"python {sys.version}"
        parts = [FORMAT, PATTERN, source, self.name, self.profile]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


# --- documents --------------------------------------------------------------------------------------------------------


def standard_library(*, tests: bool) -> Iterator[str]:
    """Sources of the running Python's standard library, then the topics of its language reference."""
    root = Path(sysconfig.get_path("stdlib"))
    skipped = TABLES if tests else TABLES | TESTS
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        of_this_machine = parts[0].startswith(("config-", "_sysconfigdata"))
        if not of_this_machine and skipped.isdisjoint(parts):
            yield from _read(path)
    yield from _topics(root / "pydoc_data" / "topics.py")


def _topics(path: Path) -> Iterator[str]:
    if path.exists():
        assignment = next(node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.Assign))
        yield from ast.literal_eval(assignment.value).values()


def folder_of_text(root: Path) -> Iterator[str]:
    """Every .txt, .md, .rst and .py file below `root` is a document; so is the "text" of every line of a .jsonl file."""
    for path in sorted(root.rglob("*")):
        if path.suffix == ".jsonl":
            with path.open(encoding="utf-8") as lines:
                yield from (json.loads(line)["text"] for line in lines if line.strip())
        elif path.suffix in TEXT_SUFFIXES:
            yield from _read(path)


def _read(path: Path) -> Iterator[str]:
    with contextlib.suppress(UnicodeDecodeError):  # a few files of the tests are broken on purpose
        yield path.read_text(encoding="utf-8")


# --- two parts that share nothing -------------------------------------------------------------------------------------


def split(documents: Iterable[str], share: float, *, clip: int) -> Parts:
    """Set aside the documents whose content hash falls into the first `share`; clip each of them to `clip` bytes.

    Blocks of the training part that are also in the validation part are cut out of the former.
    """
    distinct = {hashlib.sha256(text.strip().encode()).digest(): text for text in documents if text.strip()}
    limit = int(share * 2**64)
    drawn = {key: int.from_bytes(key[:8], "big") < limit for key in distinct}
    val = [_clip(text, clip) for key, text in sorted(distinct.items()) if drawn[key]]
    held = {block for text in val for block in blocks(text)}
    train = [piece for key, text in distinct.items() if not drawn[key] for piece in without(text, held)]
    return Parts(train=train, val=val)


def _clip(text: str, size: int) -> str:
    head = text.encode()[:size].decode(errors="ignore")
    return text if head == text else head[: head.rfind("\n") + 1] or head


def blocks(text: str) -> Iterator[int]:
    """Hashes of every run of BLOCK non-blank lines, indentation aside."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield from (_digest(lines[at : at + BLOCK]) for at in range(len(lines) - BLOCK + 1))


def without(text: str, held: set[int]) -> Iterator[str]:
    """The pieces of `text` that are left when every line of a held block is taken out."""
    lines = text.splitlines(keepends=True)
    solid = [number for number, line in enumerate(lines) if line.strip()]
    hit: set[int] = set()
    for at in range(len(solid) - BLOCK + 1):
        run = solid[at : at + BLOCK]
        if _digest([lines[number].strip() for number in run]) in held:
            hit.update(run)
    piece: list[str] = []
    for number, line in enumerate(lines):
        if number in hit:
            yield from _solid(piece)
            piece = []
        else:
            piece.append(line)
    yield from _solid(piece)


def _solid(piece: list[str]) -> Iterator[str]:
    if any(line.strip() for line in piece):
        yield "".join(piece)


def _digest(lines: list[str]) -> int:
    return int.from_bytes(hashlib.blake2b("\n".join(lines).encode(), digest_size=8).digest(), "big")


# --- tokenizer and tokens ---------------------------------------------------------------------------------------------


def train_tokenizer(texts: list[str], vocab_size: int, *, to: Path) -> tiktoken.Encoding:
    """Byte-pair encoding of `vocab_size` tokens, the last of them <|bos|>; written to folder `to`."""
    trainer = rustbpe.Tokenizer()
    trainer.train_from_iterator(iter(texts), vocab_size - 1, pattern=PATTERN)
    ranks = {bytes(token): rank for token, rank in trainer.get_mergeable_ranks()}
    to.mkdir()
    lines = (base64.b64encode(token) + b" %d\n" % rank for token, rank in sorted(ranks.items(), key=lambda item: item[1]))
    (to / "ranks.tiktoken").write_bytes(b"".join(lines))
    meta = {"name": "gpt", "pattern": PATTERN, "specials": {data.BOS: len(ranks)}, "vocab_size": len(ranks) + 1}
    _write_json(to / "tokenizer.json", meta)
    return data.tokenizer(to.parent)


def encode(texts: list[str], encoding: tiktoken.Encoding) -> np.ndarray:
    """One flat uint16 array, each document after one <|bos|>."""
    bos = encoding.encode_single_token(data.BOS)
    rows = encoding.encode_ordinary_batch(texts, num_threads=os.cpu_count() or 1)
    return np.concatenate([np.array([bos, *row], dtype=np.uint16) for row in rows])


def token_bytes(encoding: tiktoken.Encoding) -> np.ndarray:
    """Length in bytes of each token; 0 for specials, which are not text."""
    lengths = np.zeros(encoding.n_vocab, dtype=np.int32)
    for token in range(encoding.n_vocab):
        if not encoding.is_special_token(token):
            lengths[token] = len(encoding.decode_single_token_bytes(token))
    return lengths


# --- on disk ----------------------------------------------------------------------------------------------------------


def build(request: Request, to: Path) -> dict[str, object]:
    """Write everything to the empty folder `to`; returns the manifest."""
    sizes = request.profile["data"]
    documents = folder_of_text(request.text) if request.text else standard_library(tests=bool(sizes["tests"]))
    parts = split(documents, float(sizes["val_share"]), clip=int(sizes["val_clip"]))
    if not parts.train or not parts.val:
        raise data.DataError(f"{request.text}: too little text for a training and a validation part")
    encoding = train_tokenizer(parts.train, int(sizes["vocab_size"]), to=to / "tokenizer")
    train, val = encode(parts.train, encoding), encode(parts.val, encoding)[: int(sizes["val_tokens"]) + 1]
    (to / "train").mkdir()
    for shard, at in enumerate(range(0, len(train), SHARD_TOKENS)):
        np.save(to / "train" / f"{shard:05}.npy", train[at : at + SHARD_TOKENS])
    (to / "val").mkdir()
    np.save(to / "val" / "tokens.npy", val)
    np.save(to / "val" / "bytes.npy", token_bytes(encoding))
    _write_json(to / "val" / "val.json", {"context": sizes["context"]})
    (to / "profile.toml").write_text(_toml(request), encoding="utf-8")
    counts = {"train_tokens": len(train), "val_tokens": len(val), "vocab_size": encoding.n_vocab}
    files = {str(path.relative_to(to)): path.stat().st_size for path in sorted(to.rglob("*")) if path.is_file()}
    manifest = {"fingerprint": request.fingerprint(), "profile": request.name, **counts, "files": files}
    _write_json(to / "manifest.json", manifest)
    return manifest


def in_place(out: Path) -> dict[str, object] | None:
    """The manifest of `out` if every file that it names is there in its size; else None."""
    try:
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        whole = all((out / name).stat().st_size == size for name, size in manifest["files"].items())
    except (OSError, ValueError, KeyError):
        return None
    return manifest if whole else None


def install(request: Request) -> dict[str, object]:
    """Build beside `out` and rename: whatever interrupts it, `out` is whole or absent."""
    out = request.out.absolute()
    if out.exists() and any(out.iterdir()) and not (out / "profile.toml").exists():
        raise data.DataError(f"{out} holds other files: choose an empty folder with --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    _sweep(out)
    beside = out.parent / f".{out.name}.{os.getpid()}.partial"
    beside.mkdir()
    try:
        manifest = build(request, beside)
        if out.exists():
            out.rename(out.parent / f".{out.name}.{os.getpid()}.replaced")
        beside.rename(out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        _sweep(out)
    return manifest


def _sweep(out: Path) -> None:
    """Remove what an interrupted preparation left beside `out`; one that is still at work keeps its own."""
    for path in out.parent.glob(f".{out.name}.*.*"):
        _, pid, kind = path.name.rsplit(".", 2)
        if kind in {"partial", "replaced"} and (int(pid) == os.getpid() or not Path(f"/proc/{pid}").exists()):
            shutil.rmtree(path, ignore_errors=True)


def _write_json(path: Path, value: dict[str, object]) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _toml(request: Request) -> str:
    """The chosen profile as TOML; values of a profile are numbers, strings and booleans, which JSON writes alike."""
    lines = [f"name = {json.dumps(request.name)}"]
    for table in ("brief", "constants", "data"):
        lines += ["", f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in request.profile[table].items())]
    return "\n".join(lines) + "\n"


# --- the command ------------------------------------------------------------------------------------------------------


def detect() -> str:
    """The profile for what is there."""
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return "cpu"
    import torch  # noqa: PLC0415  (a second of import that a machine without a GPU need not wait for)

    if not torch.cuda.is_available():
        return "cpu"
    gibibytes = torch.cuda.get_device_properties(0).total_memory / 2**30
    return "gpu-80gb" if gibibytes > 70 else "gpu-24gb" if gibibytes > 20 else "cpu"


def choose(arguments: argparse.Namespace) -> Request:
    """The request that the command line makes; `auto` keeps the profile that is in place."""
    profiles = tomllib.loads(arguments.profiles.read_text(encoding="utf-8"))
    name = arguments.profile
    if name == "auto":
        present = in_place(arguments.out)
        name = str(present["profile"]) if present and present["profile"] in profiles else detect()
    if name not in profiles:
        raise data.DataError(f"no profile {name!r} in {arguments.profiles}: it has {', '.join(profiles)}")
    if arguments.text and not arguments.text.is_dir():
        raise data.DataError(f"--text {arguments.text} is not a folder")
    return Request(name=name, profile=profiles[name], text=arguments.text, out=arguments.out)


def main(argv: list[str] | None = None) -> int:
    """Prepare, or say that all is in place; 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m gpt.prepare",
        description="Build tokenizer, training shards and the pinned validation part; a second call does nothing.",
        epilog="example: python -m gpt.prepare --profile cpu",
    )
    parser.add_argument("--profile", default="auto", help="a table of the profiles, or auto: by what is there")
    parser.add_argument("--out", type=Path, default=data.folder(), help="data folder (default: $AR_DATA or data)")
    parser.add_argument("--text", type=Path, help="a folder of .txt .md .rst .py .jsonl (default: the standard library)")
    parser.add_argument("--profiles", type=Path, default=PROFILES, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    started = time.monotonic()
    try:
        request = choose(arguments)
        manifest = in_place(request.out)
        if manifest and manifest["fingerprint"] == request.fingerprint():
            verb = "in place"
        else:
            manifest, verb = install(request), f"prepared in {time.monotonic() - started:.1f} s"
    except (data.DataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(
        f"{request.out}: {verb}, profile {request.name}, vocabulary {manifest['vocab_size']:,}, "
        f"{manifest['train_tokens']:,} training and {manifest['val_tokens']:,} validation tokens"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
