"""Files from the Hugging Face hub, or from any address: here whole and checked, or not at all.

What a download has received stays beside its place as `NAME.partial`, and the next attempt, or the next call, asks for the
rest of it. A file goes to its place when its size and, where the hub gives one, its SHA-256 are right.

The hub: `POST /api/datasets/OWNER/NAME/paths-info/REVISION` tells size and SHA-256 of files (`lfs.oid`), and
`GET /datasets/OWNER/NAME/resolve/REVISION/PATH` sends one, by way of a redirection whose header `X-Linked-Etag` is that SHA-256
(read in `huggingface_hub`, hf_api.py and file_download.py). Environment: HF_ENDPOINT, another address of the hub; HF_TOKEN,
sent to that address alone.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from gpt import lock
from gpt.data import DataError

HUB = "https://huggingface.co"
ATTEMPTS = 6  # in a row without a byte of progress
LONGEST = 300.0  # seconds to wait at a server's word, at most
SILENCE = 30.0  # seconds until a connection counts as broken
CHUNK = 1 << 20  # bytes
SHA256 = re.compile(r"[0-9a-f]{64}")
REASONS = {
    401: "it needs a token: set HF_TOKEN",
    403: "access is refused: accept the dataset's terms in a browser, then set HF_TOKEN",
    404: "there is no such file",
}


@dataclass(frozen=True)
class Remote:
    """A file somewhere else; `size` in bytes and `sha256` in hex where they are known."""

    url: str
    name: str
    size: int | None = None
    sha256: str | None = None


class Hiccup(Exception):
    """What may be better at the next attempt, after `wait` seconds if the server says so; `cost` is in attempts."""

    def __init__(self, words: str, *, wait: float | None = None, cost: int = 1) -> None:
        super().__init__(words)
        self.wait, self.cost = wait, cost


class Useless(Hiccup):
    """So bad that what has been received must go."""


class Hops(urllib.request.HTTPRedirectHandler):
    """Follows redirections and keeps what the hub says of the file on the way."""

    sha256: str | None = None

    def redirect_request(  # noqa: PLR0917  (urllib's signature)
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        self.sha256 = _sha256(headers.get("X-Linked-Etag")) or self.sha256
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass
class Hub:
    """A client. `told` hears (name, bytes here, bytes in all or None) as a file grows, `says` why it waits, `pause` waits."""

    endpoint: str = field(default_factory=lambda: (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/"))
    token: str = field(default_factory=lambda: os.environ.get("HF_TOKEN") or "", repr=False)
    pause: Callable[[float], None] = time.sleep
    told: Callable[[str, int, int | None], None] = lambda _name, _here, _size: None
    says: Callable[[str], None] = lambda _words: None
    _reached: bool = False

    def files(self, repository: str, paths: list[str], revision: str = "main") -> list[Remote]:
        """What the hub says of these files of a dataset, in this order.

        Raises:
            DataError: it cannot be reached, or has no such dataset or file.

        """
        address = f"{self.endpoint}/api/datasets/{repository}/paths-info/{revision}"
        question = urllib.parse.urlencode([*(("paths", path) for path in paths), ("expand", "false")]).encode()
        answer = self._patiently(address, lambda: self._json(address, question))
        place = f"{self.endpoint}/datasets/{repository}/resolve/{revision}"
        try:
            there = {item["path"]: _remote(item, place) for item in answer if item["type"] == "file"}
        except (TypeError, KeyError, AttributeError):
            raise DataError(f"{address} does not answer as the hub does: is HF_ENDPOINT right?") from None
        if missing := [path for path in paths if path not in there]:
            raise DataError(f"the dataset {repository} has no file {missing[0]}")
        return [there[path] for path in paths]

    def fetch(self, remote: Remote, to: Path) -> Path:
        """Bring a file to the path `to`; at once where it is there already.

        Raises:
            DataError: it does not come, whole, after ATTEMPTS without progress; what came stays for the next call.

        """
        if _there(remote, to):
            return to
        to.parent.mkdir(parents=True, exist_ok=True)
        with lock.held(to.with_name(f"{to.name}.lock"), what=f"downloading {remote.name}", says=self.says) as waited:
            if not (waited and _there(remote, to)):
                self._fetch(remote, to)
        return to

    def _fetch(self, remote: Remote, to: Path) -> None:
        partial = to.with_name(f"{to.name}.partial")
        if not (remote.size or remote.sha256):  # nothing would tell a mixture of two versions
            partial.unlink(missing_ok=True)
        self._patiently(remote.url, lambda: self._receive(remote, partial), grown=lambda: _size(partial))
        partial.replace(to)

    def _patiently(self, url: str, attempt: Callable[[], Any], *, grown: Callable[[], int] = lambda: 0) -> Any:
        """Try again, ever later, until it works, cannot work, or has not come forward in ATTEMPTS."""
        failures, before = 0, grown()
        while True:
            try:
                return attempt()
            except Hiccup as hiccup:
                failures = hiccup.cost + (0 if grown() > before else failures)
                before = grown()
                if failures >= ATTEMPTS:
                    raise DataError(f"{url}: {hiccup}, again and again; call once more to go on") from None
                wait = min(LONGEST, 2.0 ** (failures - 1) if hiccup.wait is None else hiccup.wait)
                self.says(f"{hiccup}; again in {wait:.0f} s")
                self.pause(wait)

    def _json(self, url: str, question: bytes) -> Any:
        with self._open(url, data=question)[0] as response:
            try:
                return json.loads(response.read())
            except ValueError:
                raise DataError(f"{url} does not answer as the hub does: is HF_ENDPOINT right?") from None
            except (OSError, http.client.HTTPException) as error:
                raise Hiccup(f"the answer broke off ({error})") from None

    def _receive(self, remote: Remote, partial: Path) -> None:
        """Append what is missing to `partial`, and check it when it is whole."""
        have, sha256 = _size(partial), remote.sha256
        try:
            if remote.size is None or have < remote.size:
                response, told = self._open(remote.url, start=have)
                with response:
                    self._store(response, remote, partial)
                sha256 = sha256 or told
            _check(partial, size=remote.size, sha256=sha256)
        except Useless:
            partial.unlink(missing_ok=True)
            raise

    def _store(self, response: http.client.HTTPResponse, remote: Remote, partial: Path) -> None:
        """Write a response to disk as it comes."""
        if response.headers.get_content_type() == "text/html":
            raise DataError(f"{remote.url} sends a page, not a file: a login, or a proxy in between?")
        rest = response.headers.get("Content-Length")
        rest_of_it = response.status == http.HTTPStatus.PARTIAL_CONTENT
        if rest_of_it and not (response.headers.get("Content-Range") or "").startswith(f"bytes {_size(partial)}-"):
            raise Useless("the server sends another part than was asked for")
        with partial.open("ab" if rest_of_it else "wb") as file:
            size = file.tell() + int(rest) if rest else remote.size
            for chunk in _chunks(response):
                file.write(chunk)
                self.told(remote.name, file.tell(), size)
            if size and file.tell() < size:
                raise Hiccup(f"the stream broke off after {file.tell():,} of {size:,} bytes")

    def _open(self, url: str, *, start: int = 0, data: bytes | None = None) -> tuple[Any, str | None]:
        """(a response, the SHA-256 that a redirection told)."""
        headers = {"User-Agent": "ar-loop", "Accept-Encoding": "identity"} | (
            {"Range": f"bytes={start}-"} if start else {}
        )
        request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310  (the caller's own address)
        if self.token and url.startswith(f"{self.endpoint}/"):
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        hops = Hops()
        try:
            response = urllib.request.build_opener(hops).open(request, timeout=SILENCE)
        except urllib.error.HTTPError as error:
            self._reached = True
            raise _refusal(url, error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreached(url, error) from None
        self._reached = True
        return response, hops.sha256

    def _unreached(self, url: str, error: Exception) -> Exception:
        """A machine that never had a connection is offline; one that had may have it again."""
        why = getattr(error, "reason", error)
        if self._reached:
            return Hiccup(f"no connection ({why})")
        host = urllib.parse.urlsplit(url).netloc or url
        return DataError(f"{host} cannot be reached ({why}); without a network, give a file or folder of your own")


def _remote(item: dict[str, Any], place: str) -> Remote:
    """One entry of the hub's answer; a small file has no SHA-256 there."""
    sha256 = _sha256((item.get("lfs") or {}).get("oid"))
    return Remote(f"{place}/{urllib.parse.quote(item['path'])}", item["path"], size=int(item["size"]), sha256=sha256)


def _there(remote: Remote, path: Path) -> bool:
    return path.exists() and remote.size in {None, path.stat().st_size}


def _check(path: Path, *, size: int | None, sha256: str | None) -> None:
    """A file that is wrong is asked for once more, not ATTEMPTS times: it may be large."""
    if size is not None and _size(path) != size:
        raise Useless(f"it is not of the {size:,} bytes that the hub tells", cost=ATTEMPTS // 2)
    if sha256 and _digest(path) != sha256:
        raise Useless("its SHA-256 is not the one that the hub tells", cost=ATTEMPTS // 2)


def _refusal(url: str, error: urllib.error.HTTPError) -> Exception:
    if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return Useless("the file has fewer bytes than were received")
    if error.code in {408, 425, 429} or error.code >= 500:
        return Hiccup(f"the server answers {error.code} {error.reason}", wait=_wait(error.headers.get("Retry-After")))
    return DataError(f"{url}: {REASONS.get(error.code, f'the server answers {error.code} {error.reason}')}")


def _wait(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After, which is a number of them or a date (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return None
    try:
        if retry_after.strip().isdigit():
            return float(retry_after)
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise Hiccup(f"the stream broke off ({error})") from None
        if not chunk:
            return
        yield chunk


def _sha256(text: str | None) -> str | None:
    found = SHA256.fullmatch((text or "").strip('"'))
    return found[0] if found else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
