"""Text -> tokenizer, training shards and a pinned validation part. Run once; the second call finds everything in place.

The default text is what every Python carries: the sources of its standard library and the language reference of
`pydoc_data`. Nothing is downloaded. `--dataset` takes others: a dataset of the Hugging Face hub by name (climbmix,
fineweb-edu, tinystories), a file or folder of your own (.txt .md .rst .py .jsonl .parquet), or a URL of such a file.

Which documents are set aside for validation depends on the hash of their content alone, so it is the same on every
machine with the same text; a dataset of the hub has a shard of its own for it. No document and no block of five lines is
in both parts.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import shutil
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpt.arguments import Arguments
from gpt.requirements import missing_package

try:
    import numpy as np

    from gpt import data, encode, lock, machine
    from gpt.bar import Bar
    from gpt.hub import Hub
    from gpt.sources import DATASETS, Source, cache_folder, source
except ModuleNotFoundError as error:
    raise missing_package(error) from None

FORMAT = 2  # raise it when the same text would be laid out differently
PROFILES = Path(__file__).with_name("profiles.toml")
SHARDS = 8  # of a dataset of the hub, unless --shards says otherwise


@dataclass(frozen=True)
class Request:
    """What shall be in place: a profile by name, its table, and where text comes from and goes to."""

    name: str
    profile: dict[str, Any]
    dataset: str | None  # as the command line names it
    shards: int
    source: Source
    out: Path

    def fingerprint(self) -> str:
        """Equal for two requests that build the same bytes."""
        parts = [FORMAT, encode.PATTERN, self.source.identity(), self.name, self.profile]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


# --- on disk ----------------------------------------------------------------------------------------------------------


def build(request: Request, to: Path) -> dict[str, Any]:
    """Write everything to the empty folder `to`; returns the manifest."""
    sizes = request.profile["data"]
    parts = request.source.parts(sizes)
    first = encode.lessons(parts.train)
    if not first or not parts.val:
        what = request.dataset or "the standard library"
        raise data.DataError(f"{what}: too little text for a training and a validation part")
    encoding = encode.train_tokenizer(first, int(sizes["vocab_size"]), to=to / "tokenizer")
    texts = itertools.chain(first, parts.train)
    train_tokens = encode.write_shards(encode.documents(texts, encoding), to / "train")
    val = np.concatenate(list(encode.documents(parts.val, encoding)))[: int(sizes["val_tokens"]) + 1]
    (to / "val").mkdir()
    np.save(to / "val" / "tokens.npy", val)
    np.save(to / "val" / "bytes.npy", encode.token_bytes(encoding))
    encode.write_json(to / "val" / "val.json", {"context": sizes["context"]})
    (to / "profile.toml").write_text(_toml(request), encoding="utf-8")
    counts = {"train_tokens": train_tokens, "val_tokens": len(val), "vocab_size": encoding.n_vocab}
    files = {str(path.relative_to(to)): path.stat().st_size for path in sorted(to.rglob("*")) if path.is_file()}
    origin = {"dataset": request.dataset, "shards": request.shards}
    manifest = {"fingerprint": request.fingerprint(), "profile": request.name, **origin, **counts, "files": files}
    encode.write_json(to / "manifest.json", manifest)
    return manifest


def in_place(out: Path) -> dict[str, Any] | None:
    """The manifest of `out` if every file that it names is there in its size; else None."""
    try:
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        whole = all((out / name).stat().st_size == size for name, size in manifest["files"].items())
    except (OSError, ValueError, KeyError):
        return None
    return manifest if whole else None


def present(request: Request) -> dict[str, Any] | None:
    """The manifest of what is in place, if it is what is asked for."""
    manifest = in_place(request.out)
    return manifest if manifest and manifest["fingerprint"] == request.fingerprint() else None


def install(request: Request) -> tuple[dict[str, Any], str]:
    """Build, unless another process has done so while this one waited for it; the manifest, and which it was."""
    started = time.monotonic()
    out = request.out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    with lock.held(out.parent / f".{out.name}.lock", what=f"preparing {out}", says=tell) as waited:
        if waited and (manifest := present(request)):
            return manifest, "in place"
        return _install(request, out), f"prepared in {time.monotonic() - started:.1f} s"


def tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _install(request: Request, out: Path) -> dict[str, Any]:
    """Build beside `out` and rename: whatever interrupts it, `out` is whole or absent."""
    if out.exists() and any(out.iterdir()) and not (out / "profile.toml").exists():
        raise data.DataError(f"{out} holds other files: choose an empty folder with --out")
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


def _toml(request: Request) -> str:
    """The chosen profile as TOML; values of a profile are numbers, strings, booleans and lists, which JSON writes alike."""
    lines = [f"name = {json.dumps(request.name)}"]
    for table in filter(request.profile.get, ("brief", "constants", "data", "priors")):
        lines += ["", f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in request.profile[table].items())]
    return "\n".join(lines) + "\n"


# --- the command ------------------------------------------------------------------------------------------------------


def choose(arguments: argparse.Namespace) -> Request:
    """The request that the command line makes; `auto` keeps the profile and the text that are in place.

    Raises:
        DataError: there is no such profile or text.

    """
    profiles = tomllib.loads(arguments.profiles.read_text(encoding="utf-8"))
    name, dataset, shards = arguments.profile, arguments.dataset, arguments.shards
    if name == "auto":
        present = in_place(arguments.out) or {}
        name = present.get("profile")
        if name in profiles:
            dataset = dataset or present.get("dataset") or present.get("text")  # as FORMAT 1 called it
            shards = shards or present.get("shards")
        else:
            name = machine.profile()
    if name not in profiles:
        raise data.DataError(f"no profile {name!r} in {arguments.profiles}: it has {', '.join(profiles)}")
    if dataset and Path(dataset).exists():
        dataset = str(Path(dataset).resolve())
    count, bar = shards or SHARDS, Bar()
    chosen = source(dataset, shards=count, cache=arguments.cache, hub=Hub(told=bar, says=bar.say))
    profile = _fitted(profiles[name])
    return Request(name=name, profile=profile, dataset=dataset, shards=count, source=chosen, out=arguments.out)


def _fitted(profile: dict[str, Any]) -> dict[str, Any]:
    """A profile with no more workers than this machine has cores for."""
    brief = profile["brief"]
    return {**profile, "brief": {**brief, "workers": machine.workers(brief["workers"])}}


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = Arguments(
        prog="python -m gpt.prepare",
        description="Build tokenizer, training shards and the pinned validation part; a second call does nothing.",
        epilog="examples: python -m gpt.prepare --profile cpu; python -m gpt.prepare --dataset climbmix --shards 8",
    )
    parser.add_argument("--profile", default="auto", help="a table of the profiles, or auto: by what is there")
    parser.add_argument("--out", type=Path, default=data.folder(), help="data folder (default: $AR_DATA or data)")
    names = ", ".join(DATASETS)
    parser.add_argument(
        "--dataset", "--text", help=f"{names}; a file, a folder or a URL (default: the standard library)"
    )
    parser.add_argument("--shards", type=_positive, help=f"how many shards of a hub's dataset (default: {SHARDS})")
    parser.add_argument(
        "--cache", type=Path, default=cache_folder(), help="where downloads stay (default: %(default)s)"
    )
    parser.add_argument("--profiles", type=Path, default=PROFILES, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return int(text)


def main(argv: list[str] | None = None) -> int:
    """Prepare, or say that all is in place; 0 done, 2 bad input, 130 interrupted."""
    arguments = parse(argv)
    try:
        request = choose(arguments)
        if request.name.startswith("gpu") and (lack := machine.lacking()):
            tell(f"note: {lack}")
        manifest, verb = present(request), "in place"
        if manifest is None:
            manifest, verb = install(request)
    except (data.DataError, OSError) as error:
        tell(f"error: {error}")
        return 2
    except KeyboardInterrupt:
        tell("\nstopped; what was downloaded stays, the same call goes on")
        return 130
    print(
        f"{request.out}: {verb}, profile {request.name}, vocabulary {manifest['vocab_size']:,}, "
        f"{manifest['train_tokens']:,} training and {manifest['val_tokens']:,} validation tokens"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
