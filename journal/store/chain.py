"""The hash chain: each event's hash covers the hash before it, so that any change to a past event is detected. Pure.

The chain alone cannot detect a truncated journal or a full rewrite; for that, kept commits hold an anchor `position:hash`.
"""

import hashlib
from collections.abc import Iterable

GENESIS = "0" * 64

# position, time, stream, version, type, schema, idempotency key
Header = tuple[int, str, str, int, str, int, str | None]


def link(previous: str, header: Header, payload: bytes) -> str:
    """Return sha256(previous ‖ header ‖ payload), in hexadecimal.

    Numbers end at a colon and texts start with their length in characters, so that no two headers encode alike; an absent
    key is a dash, which is no length.
    """
    position, at, stream, version, name, schema, key = header
    keyed = "-" if key is None else f"{len(key)}:{key}"
    head = f"{position}:{version}:{schema}:{len(at)}:{at}{len(stream)}:{stream}{len(name)}:{name}{keyed}"
    return hashlib.sha256(b"%b%b\n%b" % (bytes.fromhex(previous), head.encode(), payload)).hexdigest()


def broken_positions(
    previous: str, rows: Iterable[tuple[int, str, str, int, str, int, str | None, bytes, str]]
) -> list[int]:
    """Positions whose stored hash does not follow from the hash stored before it: `link`, in one loop over many rows.

    A row is its header, its payload and its hash. Each row is checked against the hash stored before it, so that one
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
    """A stored hash as bytes; no event can follow from a hash that is not hexadecimal."""
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return digest.encode()
