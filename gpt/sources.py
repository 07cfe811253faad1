"""Where text comes from: this Python, files of your own, an address, or a dataset of the Hugging Face hub."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gpt import corpus
from gpt.data import DataError
from gpt.hub import Hub, Remote

SHOWN = 5  # names of files in a note
CHARACTERS_PER_TOKEN = 8  # twice what a vocabulary of 8,192 reaches on English: so much text is set aside, then cut

SOURCE_CHARACTERS_PER_TOKEN = 3.3  # a vocabulary of 2,048 to 8,192 on the standard library: 3.0 to 3.3

Sizes = dict[str, Any]


class Source(Protocol):
    """Text to prepare."""

    def identity(self) -> list[object]:
        """Equal for two sources of the same text; asks no network."""

    def parts(self, sizes: Sizes) -> corpus.Parts:
        """Its documents in two parts, by the profile's table `data`."""


@dataclass(frozen=True)
class StandardLibrary:
    """What every Python carries; the validation part is text that the sandbox of a run hides."""

    def identity(self) -> list[object]:
        return ["python", sys.version, sorted(corpus.HIDDEN)]

    def parts(self, sizes: Sizes) -> corpus.Parts:
        tests = bool(sizes["tests"])
        texts = corpus.Texts(lambda: corpus.standard_library(tests=tests))
        hidden = sorted(corpus.standard_library(tests=tests, hidden=True), key=corpus.digest)
        enough = SOURCE_CHARACTERS_PER_TOKEN * int(sizes["val_tokens"])
        return corpus.apart(texts, hidden, clip=int(sizes["val_clip"]), enough=round(enough))


@dataclass(frozen=True)
class Own:
    """A file, or every file of text below a folder."""

    path: Path

    def identity(self) -> list[object]:
        stats = ((str(path), path.stat()) for path in corpus.files(self.path.resolve()))
        return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]

    def parts(self, sizes: Sizes) -> corpus.Parts:
        paths, left_out = corpus.readable(corpus.files(self.path.resolve()))
        if left_out:
            names = ", ".join(str(path) for path in left_out[:SHOWN]) + (", …" if len(left_out) > SHOWN else "")
            print(f"note: left out, because not in UTF-8: {len(left_out)} of the files: {names}", file=sys.stderr)
        texts = corpus.Texts(lambda: corpus.own(paths))
        return corpus.split(texts, float(sizes["val_share"]), clip=int(sizes["val_clip"]))


@dataclass(frozen=True)
class Address:
    """One file behind a URL."""

    url: str
    cache: Path
    hub: Hub

    def identity(self) -> list[object]:
        return [self.url]

    def parts(self, sizes: Sizes) -> corpus.Parts:
        name = Path(urllib.parse.unquote(urllib.parse.urlsplit(self.url).path)).name
        if Path(name).suffix not in corpus.SUFFIXES:
            raise DataError(f"{self.url} is no file of the kinds {' '.join(sorted(corpus.SUFFIXES))}")
        place = self.cache / hashlib.sha256(self.url.encode()).hexdigest()[:16] / name
        return Own(self.hub.fetch(Remote(self.url, name), place)).parts(sizes)


@dataclass(frozen=True)
class Dataset:
    """A dataset of the hub by its repository, the files to train on, and the one that is kept apart for validation."""

    repository: str
    train: str  # with a number in it where there are several
    val: str
    shards: int  # that there are

    def paths(self, shards: int) -> list[str]:
        """The validation file, then the first `shards` to train on."""
        return [self.val, *(self.train.format(number) for number in range(min(shards, self.shards)))]


# Layouts as read in autoresearch's prepare.py and nanochat's dataset.py (Karpathy), and in the TinyStories repository's
# own file names; validation is the last shard, as it is there.
DATASETS = {
    "climbmix": Dataset("karpathy/climbmix-400b-shuffle", "shard_{:05}.parquet", "shard_06542.parquet", 6542),
    "fineweb-edu": Dataset("karpathy/fineweb-edu-100b-shuffle", "shard_{:05}.parquet", "shard_01822.parquet", 1822),
    "tinystories": Dataset("roneneldan/TinyStories", "TinyStoriesV2-GPT4-train.txt", "TinyStoriesV2-GPT4-valid.txt", 1),
}


@dataclass(frozen=True)
class Hosted:
    """The first shards of a dataset of the hub, and its pinned validation shard."""

    name: str
    shards: int
    cache: Path
    hub: Hub

    def identity(self) -> list[object]:
        return [self.name, DATASETS[self.name].repository, self.shards]

    def parts(self, sizes: Sizes) -> corpus.Parts:
        dataset = DATASETS[self.name]
        remotes = self.hub.files(dataset.repository, dataset.paths(self.shards))
        place = self.cache / dataset.repository.replace("/", "--")
        check_room(remotes, place)
        paths = [self.hub.fetch(remote, place / remote.name) for remote in remotes]
        (val, *train), _ = corpus.readable(paths)
        enough = CHARACTERS_PER_TOKEN * int(sizes["val_tokens"])
        documents = corpus.Texts(lambda: corpus.own(train))
        return corpus.apart(documents, corpus.own([val]), clip=int(sizes["val_clip"]), enough=enough)


def check_room(remotes: list[Remote], place: Path) -> None:
    """Say before a long download that the disk is too small for it.

    Raises:
        DataError: it is.

    """
    place.mkdir(parents=True, exist_ok=True)
    needed = sum(remote.size or 0 for remote in remotes if not (place / remote.name).exists())
    free = shutil.disk_usage(place).free
    if needed > free:
        message = f"{place}: {needed / 1e9:,.1f} GB to come, {free / 1e9:,.1f} GB free; ask for fewer --shards, or set --cache"
        raise DataError(message)


def cache_folder() -> Path:
    """Where downloads stay: `ar-loop` in `$XDG_CACHE_HOME`, else in `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ar-loop"


def source(name: str | None, *, shards: int, cache: Path, hub: Hub) -> Source:
    """The source that a word of the command line means.

    Raises:
        DataError: it means none.

    """
    if name is None:
        return StandardLibrary()
    if name in DATASETS:
        return Hosted(name, min(shards, DATASETS[name].shards), cache, hub)
    if name.startswith(("http://", "https://")):
        return Address(name, cache, hub)
    if Path(name).exists():
        return Own(Path(name))
    raise DataError(f"no dataset {name}: it is neither of {', '.join(DATASETS)}, nor a file, a folder or a URL")
