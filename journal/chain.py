"""The hash chain: each event's hash covers the hash before it, so that no past event can change unseen. Pure.

It cannot see its own tail cut off or a full rewrite: kept commits carry an anchor `position:hash` for that.
"""

import hashlib

GENESIS = "0" * 64


def link(previous: str, *, fields: tuple[str | int | None, ...], payload: bytes) -> str:
    """Return sha256(previous ‖ length-prefixed fields ‖ length-prefixed payload), in hexadecimal.

    Length prefixes keep two different splits of the same bytes apart.
    """
    digest = hashlib.sha256(bytes.fromhex(previous))
    for field in fields:
        text = b"" if field is None else str(field).encode()
        digest.update(len(text).to_bytes(8, "big") + text)
    digest.update(len(payload).to_bytes(8, "big") + payload)
    return digest.hexdigest()
