"""Text -> tokenizer, training shards and a pinned validation part. Run once; the second call finds everything in place.

The default text is what every Python carries: the sources of its standard library and the language reference of
`pydoc_data`. Nothing is downloaded. `--text FOLDER` reads a folder of your own instead.

A document is one file (or one topic of the reference). Which documents are set aside for validation depends on the
hash of their content alone, so it is the same on every machine with the same Python. No document and no block of five
lines is in both parts.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import shutil
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rustbpe
import tiktoken

from gpt import corpus, data

FORMAT = 1  # raise it when the same text would be laid out differently
SHARD_TOKENS = 50_000_000
PROFILES = Path(__file__).with_name("profiles.toml")
# GPT-4's split pattern with numbers in groups of at most two digits, as in nanochat: a small vocabulary has no room for 1,000.
PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Request:
    """What shall be in place: a profile by name, its table, and where text comes from and goes to."""

    name: str
    profile: dict[str, Any]
    text: Path | None
    out: Path

    def fingerprint(self) -> str:
        """Equal for two requests that build the same bytes."""
        parts = [FORMAT, PATTERN, self.source(), self.name, self.profile]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def source(self) -> list[object]:
        """The text by name: the Python that carries it, or every file with its size and time."""
        if self.text is None:
            return ["python", sys.version]
        stats = ((str(path), path.stat()) for path in sorted(self.text.resolve().rglob("*")) if path.is_file())
        return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]


# --- tokenizer and tokens ---------------------------------------------------------------------------------------------


def train_tokenizer(texts: list[str], vocab_size: int, *, to: Path) -> tiktoken.Encoding:
    """Byte-pair encoding of `vocab_size` tokens, the last of them <|bos|>; written to folder `to`."""
    trainer = rustbpe.Tokenizer()
    trainer.train_from_iterator(iter(texts), vocab_size - 1, pattern=PATTERN)
    ranks = {bytes(token): rank for token, rank in trainer.get_mergeable_ranks()}
    to.mkdir()
    lines = (
        base64.b64encode(token) + b" %d\n" % rank for token, rank in sorted(ranks.items(), key=lambda item: item[1])
    )
    (to / "ranks.tiktoken").write_bytes(b"".join(lines))
    meta = {"name": "gpt", "pattern": PATTERN, "specials": {data.BOS: len(ranks)}, "vocab_size": len(ranks) + 1}
    _write_json(to / "tokenizer.json", meta)
    return data.tokenizer(to.parent)


def encode(texts: list[str], encoding: tiktoken.Encoding) -> npt.NDArray[np.uint16]:
    """One flat uint16 array, each document after one <|bos|>."""
    bos = encoding.encode_single_token(data.BOS)
    rows = encoding.encode_ordinary_batch(texts, num_threads=os.cpu_count() or 1)
    return np.concatenate([np.array([bos, *row], dtype=np.uint16) for row in rows])


def token_bytes(encoding: tiktoken.Encoding) -> npt.NDArray[np.int32]:
    """Length in bytes of each token; 0 for specials, which are not text."""
    lengths = np.zeros(encoding.n_vocab, dtype=np.int32)
    for token in range(encoding.n_vocab):
        if not encoding.is_special_token(token):
            lengths[token] = len(encoding.decode_single_token_bytes(token))
    return lengths


# --- on disk ----------------------------------------------------------------------------------------------------------


def build(request: Request, to: Path) -> dict[str, Any]:
    """Write everything to the empty folder `to`; returns the manifest."""
    sizes = request.profile["data"]
    documents = (
        corpus.folder_of_text(request.text) if request.text else corpus.standard_library(tests=bool(sizes["tests"]))
    )
    parts = corpus.split(documents, float(sizes["val_share"]), clip=int(sizes["val_clip"]))
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
    origin = str(request.text.resolve()) if request.text else None
    manifest = {"fingerprint": request.fingerprint(), "profile": request.name, "text": origin, **counts, "files": files}
    _write_json(to / "manifest.json", manifest)
    return manifest


def in_place(out: Path) -> dict[str, Any] | None:
    """The manifest of `out` if every file that it names is there in its size; else None."""
    try:
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        whole = all((out / name).stat().st_size == size for name, size in manifest["files"].items())
    except (OSError, ValueError, KeyError):
        return None
    return manifest if whole else None


def install(request: Request) -> dict[str, Any]:
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
        if kind in {"partial", "replaced"} and (int(pid) == os.getpid() or not _alive(int(pid))):
            shutil.rmtree(path, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _write_json(path: Path, value: dict[str, Any]) -> None:
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
    """The request that the command line makes; `auto` keeps the profile and the text that are in place."""
    profiles = tomllib.loads(arguments.profiles.read_text(encoding="utf-8"))
    name, text = arguments.profile, arguments.text
    present = in_place(arguments.out)
    if name == "auto" and present and present["profile"] in profiles:
        name, text = present["profile"], text or (Path(present["text"]) if present["text"] else None)
    elif name == "auto":
        name = detect()
    if name not in profiles:
        raise data.DataError(f"no profile {name!r} in {arguments.profiles}: it has {', '.join(profiles)}")
    if text and not text.is_dir():
        raise data.DataError(f"the text {text} is not a folder")
    return Request(name=name, profile=profiles[name], text=text, out=arguments.out)


def main(argv: list[str] | None = None) -> int:
    """Prepare, or say that all is in place; 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m gpt.prepare",
        description="Build tokenizer, training shards and the pinned validation part; a second call does nothing.",
        epilog="example: python -m gpt.prepare --profile cpu",
    )
    parser.add_argument("--profile", default="auto", help="a table of the profiles, or auto: by what is there")
    parser.add_argument("--out", type=Path, default=data.folder(), help="data folder (default: $AR_DATA or data)")
    parser.add_argument(
        "--text", type=Path, help="a folder of .txt .md .rst .py .jsonl (default: the standard library)"
    )
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
