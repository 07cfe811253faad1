"""A Messages API on the loopback, played from a script: each request gets the next act, in order.

An act is a function of the request's handler. Acts that answer speak the wire format of streams: named server-sent events.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

Act = Callable[["Handler"], None]

USAGE = {
    "input_tokens": 1200,
    "output_tokens": 300,
    "cache_read_input_tokens": 9000,
    "cache_creation_input_tokens": 500,
}
ABLE = {
    "type": "model",
    "display_name": "Scripted",
    "created_at": "2026-09-23T00:00:00Z",
    "lifecycle": "active",
    "max_tokens": 128000,
    "capabilities": {
        "effort": {"supported": True},
        "structured_outputs": {"supported": True},
        "thinking": {"supported": True, "types": {"adaptive": {"supported": True}}},
    },
}


class MessagesServer:
    """`with MessagesServer([says(…)]) as server:` and then `server.url`, `server.bodies`, `server.headers`."""

    def __init__(self, script: list[Act], *, model: dict[str, object] | None = ABLE) -> None:
        self.script = list(script)
        self.model = model
        self.bodies: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []
        self.over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.scripted = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    @property
    def scripted(self) -> MessagesServer:
        return self.server.scripted  # type: ignore[attr-defined,no-any-return]

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        model = self.scripted.model
        error = {"type": "error", "error": {"type": "not_found_error", "message": f"model: {name}"}}
        self.whole(404 if model is None else 200, json.dumps(error if model is None else {"id": name, **model}))

    def do_POST(self) -> None:
        self.scripted.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.scripted.headers.append({name.lower(): value for name, value in self.headers.items()})
        act = (
            self.scripted.script.pop(0) if self.scripted.script else status(418, "invalid_request_error", "no act left")
        )
        act(self)

    def whole(self, code: int, text: str, *, kind: str = "application/json", **headers: str) -> None:
        body = text.encode()
        self.send_response(code)
        for name, value in {
            "content-type": kind,
            "content-length": str(len(body)),
            "connection": "close",
            **headers,
        }.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self, **headers: str) -> None:
        self.send_response(200)
        for name, value in {"content-type": "text/event-stream", "request-id": "req_1", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def event(self, name: str, data: object) -> None:
        text = data if isinstance(data, str) else json.dumps({"type": name, **data})  # type: ignore[dict-item]
        self.wfile.write(f"event: {name}\ndata: {text}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def says(text: str, *, stop: str = "end_turn", details: dict[str, object] | None = None, model: str = "") -> Act:
    """A thinking block, then the text."""
    return blocks([thought("Considered."), {"type": "text", "text": text}], stop=stop, details=details, model=model)


def proposes(**answer: object) -> Act:
    """A proposal as the schema wants it."""
    empty = {"hypothesis": "", "kind": "knob", "expected_delta": None, "retry_of": None, "retry_reason": None}
    return says(json.dumps({**empty, **answer}))


def calls(name: str, *, times: int = 1, **values: object) -> Act:
    """A turn that calls a tool, so many times at once."""
    uses = [{"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": values} for number in range(times)]
    return blocks([thought("Look first."), *uses], stop="tool_use")


def thought(text: str) -> dict[str, object]:
    return {"type": "thinking", "thinking": text, "signature": "c2lnbmVk"}


def blocks(
    content: list[dict[str, object]], *, stop: str | None, details: dict[str, object] | None = None, model: str = ""
) -> Act:
    """A whole stream; without a stop reason it breaks off after the blocks, as a cut connection looks."""

    def act(handler: Handler) -> None:
        handler.begin()
        requested = str(handler.scripted.bodies[-1]["model"])
        handler.event("message_start", {"message": message(model or requested)})
        for index, block in enumerate(content):
            start, deltas = pieces(block)
            handler.event("content_block_start", {"index": index, "content_block": start})
            for delta in deltas:
                handler.event("content_block_delta", {"index": index, "delta": delta})
            handler.event("content_block_stop", {"index": index})
        if stop is not None:
            delta = {"stop_reason": stop, "stop_sequence": None, "stop_details": details}
            handler.event("message_delta", {"delta": delta, "usage": {"output_tokens": USAGE["output_tokens"]}})
            handler.event("message_stop", {})

    return act


def message(model: str) -> dict[str, object]:
    """The empty message that begins a stream."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**USAGE, "output_tokens": 1},
    }


def pieces(block: dict[str, object]) -> tuple[dict[str, object], list[dict[str, object]]]:
    """A block as it is begun, and its deltas; texts come in two halves."""
    match block:
        case {"type": "text", "text": str(text)}:
            half = len(text) // 2
            return {"type": "text", "text": ""}, [
                {"type": "text_delta", "text": part} for part in (text[:half], text[half:])
            ]
        case {"type": "thinking", "thinking": text, "signature": signature}:
            deltas = [{"type": "thinking_delta", "thinking": text}, {"type": "signature_delta", "signature": signature}]
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case _:
            text = json.dumps(block["input"])
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": text}]


def status(code: int, kind: str, words: str = "no", *, error_code: str | None = None, **headers: str) -> Act:
    """An error as the API words it."""
    details = {"details": {"error_code": error_code}} if error_code else {}
    text = json.dumps({"type": "error", "error": {"type": kind, "message": words, **details}})
    return lambda handler: handler.whole(code, text, **headers)


def fails_within(kind: str) -> Act:
    """A stream that begins well and then carries an error event, with status 200."""

    def act(handler: Handler) -> None:
        handler.begin()
        handler.event("message_start", {"message": message("m")})
        handler.event("error", {"error": {"type": kind, "message": "too much at once"}})

    return act


def page() -> Act:
    """A proxy's page with status 200."""
    return lambda handler: handler.whole(200, "<html><body>Please log in</body></html>", kind="text/html")


def garbage() -> Act:
    """A stream whose second event is no JSON."""

    def act(handler: Handler) -> None:
        handler.begin()
        handler.event("message_start", {"message": message("m")})
        handler.event("content_block_start", '{"type": "content_blo')

    return act


def falls_silent() -> Act:
    """A stream that begins, and then nothing for as long as the test lasts."""

    def act(handler: Handler) -> None:
        handler.begin()
        handler.event("message_start", {"message": message("m")})
        handler.scripted.over.wait()

    return act


def never_answers() -> Act:
    """Not even a status line."""
    return lambda handler: handler.scripted.over.wait() and None


def drips() -> Act:
    """A ping every few milliseconds, for ever: no read timeout ever passes."""

    def act(handler: Handler) -> None:
        handler.begin()
        handler.event("message_start", {"message": message("m")})
        try:
            while not handler.scripted.over.wait(0.02):
                handler.event("ping", {})
        except OSError:
            return

    return act


def breaks_off() -> Act:
    """A chunked answer whose connection closes in the middle of a chunk."""

    def act(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.begin(transfer_encoding="chunked")
        handler.wfile.write(b"ffff\r\nevent: message_start\n")
        handler.close_connection = True

    return act


def resets() -> Act:
    """The connection is reset before any answer."""

    def act(handler: Handler) -> None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return act
