"""The hash chain: each event's hash covers the hash before it, so that no past event can change unseen. Pure.

It cannot see its own tail cut off or a full rewrite: kept commits carry an anchor `position:hash` for that.
"""

import hashlib
from collections.abc import Iterable

GENESIS = "0" * 64

# position, time, stream, version, type, schema, idempotency key
Place = tuple[int, str, str, int, str, int, str | None]


def link(previous: str, place: Place, payload: bytes) -> str:
    """Return sha256(previous ‖ place ‖ payload), in hexadecimal.

    Numbers end at a colon and texts carry their length in characters, so that no two places read alike; an absent key is
    a dash, which no length is.
    """
    position, at, stream, version, name, schema, key = place
    keyed = "-" if key is None else f"{len(key)}:{key}"
    head = f"{position}:{version}:{schema}:{len(at)}:{at}{len(stream)}:{stream}{len(name)}:{name}{keyed}"
    return hashlib.sha256(b"%b%b\n%b" % (bytes.fromhex(previous), head.encode(), payload)).hexdigest()


def broken(previous: str, rows: Iterable[tuple[int, str, str, int, str, int, str | None, bytes, str]]) -> list[int]:
    """Positions whose stored hash does not follow from the hash stored before it: `link`, in one loop over many rows.

    A row is its place, its payload and its hash. Each row is judged by the hash that is stored before it, so that one
    changed event is one finding.
    """
    found, sha256, before = [], hashlib.sha256, bytes.fromhex(previous)
    for position, at, stream, version, name, schema, key, payload, digest in rows:
        keyed = "-" if key is None else f"{len(key)}:{key}"
        head = f"{position}:{version}:{schema}:{len(at)}:{at}{len(stream)}:{stream}{len(name)}:{name}{keyed}\n"
        before = sha256(before + head.encode() + payload).digest()
        if before.hex() != digest:
            found.append(position)
            before = _bytes(digest)
    return found


def _bytes(digest: str) -> bytes:
    """A stored hash as bytes; one that is no hexadecimal number is followed by nothing."""
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return digest.encode()
