"""The hash chain: each event's hash covers the hash before it, so that no past event can change unseen. Pure.

It cannot see its own tail cut off or a full rewrite: kept commits carry an anchor `position:hash` for that.
"""

import hashlib
from collections.abc import Sequence

GENESIS = "0" * 64
ABSENT = b"\xff" * 8  # no text is this long, so absent and empty stay apart


def link(previous: str, *, fields: Sequence[str | int | None], payload: bytes) -> str:
    """Return sha256(previous ‖ length-prefixed fields ‖ length-prefixed payload), in hexadecimal.

    Length prefixes (eight bytes, big-endian) keep two different splits of the same bytes apart.
    """
    parts = [bytes.fromhex(previous)]
    for field in fields:
        if field is None:
            parts.append(ABSENT)
            continue
        text = str(field).encode()
        parts += (len(text).to_bytes(8, "big"), text)
    parts += (len(payload).to_bytes(8, "big"), payload)
    return hashlib.sha256(b"".join(parts)).hexdigest()
