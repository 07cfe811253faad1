"""The hub's addresses on the loopback: sizes and hashes, a redirection to a store, the store, and the faults of all three."""

import hashlib
import json
import re
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Fault:
    """How the store answers once: another status, fewer bytes than it says, other bytes, a page, or deaf to ranges."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cut: int | None = None
    corrupt: bool = False
    page: bool = False
    deaf: bool = False
    shifted: bool = False


@dataclass
class Server:
    """Files by path; faults are used up by the store, one a request."""

    files: dict[str, bytes]
    faults: deque = field(default_factory=deque)
    asked: list = field(default_factory=list)  # (path, range, authorization)
    port: int = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ranges(self):
        return [span for path, span, _ in self.asked if path.startswith("/store/")]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.note()
        wanted = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["paths"]
        known = [(path, self.server.hub.files[path]) for path in wanted if path in self.server.hub.files]
        self.answer(200, json.dumps([self.described(*item) for item in known]).encode(), kind="application/json")

    def do_GET(self):
        self.note()
        path = self.path.split("/resolve/main/")[-1].removeprefix("/store/")
        if path not in self.server.hub.files:
            self.answer(404, b"Entry not found")
        elif self.path.startswith("/store/"):
            self.send_file(self.server.hub.files[path])
        else:
            etag = f'"{hashlib.sha256(self.server.hub.files[path]).hexdigest()}"'
            store = f"http://localhost:{self.server.hub.port}/store/{path}"
            self.answer(302, b"", headers=(("Location", store), ("X-Linked-Etag", etag), ("X-Repo-Commit", "0" * 40)))

    def send_file(self, content):
        fault = self.server.hub.faults.popleft() if self.server.hub.faults else Fault()
        if fault.page:
            self.answer(200, b"<html>Please log in</html>", kind="text/html; charset=utf-8")
        elif fault.status != 200:
            self.answer(fault.status, b"", headers=fault.headers)
        else:
            span = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
            start = int(span[1]) if span and not fault.deaf else 0
            self.send_part(content[::-1] if fault.corrupt else content, start, fault)

    def send_part(self, content, start, fault):
        if start >= len(content):
            self.answer(416, b"")
            return
        part = content[start:]
        said = start + 1 if fault.shifted else start
        where = (("Content-Range", f"bytes {said}-{len(content) - 1}/{len(content)}"),) if start else ()
        self.answer(206 if start else 200, part[: fault.cut], headers=where, length=len(part))

    def described(self, path, content):
        lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        return {"type": "file", "path": path, "size": len(content), "oid": "0" * 40, "lfs": lfs}

    def answer(self, status, body, *, headers=(), kind="application/octet-stream", length=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Connection", "close")
        [self.send_header(*header) for header in headers]
        self.end_headers()
        self.wfile.write(body)

    def note(self):
        self.server.hub.asked.append((self.path, self.headers.get("Range"), self.headers.get("Authorization")))

    def log_message(self, *_):
        pass


@contextmanager
def serving(files):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.hub = Server(files, port=http.server_address[1])
        Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield http.hub
        http.shutdown()
