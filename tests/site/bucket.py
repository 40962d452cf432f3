"""A server that speaks as much of S3 as keeping files takes, on loopback.

Whoever asks must sign with the right key's name; what is stored is in ``files``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

KEY = "key-of-the-bucket"


class BucketServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BucketServer

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._is_signed():
            self.server.files[self._name()] = body
            self._answer(200)

    def do_GET(self) -> None:
        if self._is_signed():
            data = self.server.files.get(self._name())
            self._answer(404 if data is None else 200, data or b"")

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        if self._is_signed():
            self.server.files.pop(self._name(), None)
            self._answer(204)

    def _name(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/")

    def _is_signed(self) -> bool:
        is_signed = f"Credential={KEY}/" in self.headers.get("Authorization", "")
        if not is_signed:
            self._answer(403)
        return is_signed

    def _answer(self, status: int, data: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", '"0"')
        self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    server = BucketServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
