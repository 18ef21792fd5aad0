"""Serves the endpoint over HTTP on this machine, with the standard library's server."""

import hmac
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tdmvc.environments.base import DatabaseSource, EphemeralDatabase
from tdmvc.environments.endpoint.lending import Lender
from tdmvc.environments.endpoint.routes import DatabaseOrigin, Request, Response, Routes
from tdmvc.errors import DatabaseError
from tdmvc.model.variables import ENDPOINT_VARIABLE, INTEGRESQL_VARIABLE

_HOST = "127.0.0.1"
_MOST_BODY_BYTES = 64 * 1024
_IDLE_SECONDS = 30.0
NO_ORIGIN = DatabaseOrigin()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the endpoint listens."""

    port: int
    token: str = field(repr=False)

    @property
    def url(self) -> str:
        """The address with the token, and a slash at the end: `http://127.0.0.1:40123/TOKEN/`."""
        return f"http://{_HOST}:{self.port}/{self.token}/"

    @property
    def exports(self) -> dict[str, str]:
        """The variables in which tests, and IntegreSQL's clients for Go, look for it."""
        return {ENDPOINT_VARIABLE: self.url, INTEGRESQL_VARIABLE: f"{self.url}api"}


@contextmanager
def serve_endpoint(
    database: EphemeralDatabase, source: DatabaseSource, origin: DatabaseOrigin = NO_ORIGIN
) -> Iterator[Endpoint]:
    """Serve the endpoint in threads of this process until the end of the block; then remove what it lent.

    Args:
        database: what `POST /reset` resets.
        source: where databases for single tests come from.
        origin: what `GET /` says of the database, without the variables of the endpoint.

    Raises:
        DatabaseError: it cannot listen.
    """
    token = secrets.token_urlsafe(24)
    lender = Lender(source)
    try:
        server = _Server(token, Routes(database, lender, _with_own_variables(origin)))
    except OSError as error:
        raise DatabaseError(
            f"The endpoint for tests cannot listen on {_HOST}: {error.strerror}.",
            remedy="close programs that hold many connections, and try again.",
        ) from error
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="tdmvc endpoint", daemon=True)
    thread.start()
    try:
        yield Endpoint(server.server_port, token)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        lender.drop_all()


def _with_own_variables(origin: DatabaseOrigin) -> DatabaseOrigin:
    return replace(origin, variables=(*origin.variables, ENDPOINT_VARIABLE, INTEGRESQL_VARIABLE))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A request that is still being answered does not keep the process from ending.
    block_on_close = False
    request_queue_size = 128

    def __init__(self, token: str, routes: Routes) -> None:
        super().__init__((_HOST, 0), _Handler)
        self.token = token
        self.routes = routes

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that hangs up; whatever else happens was answered."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "tdmvc"
    sys_version = ""
    timeout = _IDLE_SECONDS
    # Else an answer waits 40 ms for the client to acknowledge its headers.
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        self._send(self._answer_to_request())

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def _answer_to_request(self) -> Response:
        body = self._read_body()
        if body is None:
            return Response(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"message": "The body is too large, or has no length."}
            )
        if not self._is_for_this_host():
            return Response(
                HTTPStatus.MISDIRECTED_REQUEST, {"message": f"The endpoint answers as {_HOST} only."}
            )
        path = self._path_with_token()
        if path is None:
            return Response(
                HTTPStatus.UNAUTHORIZED, {"message": "The token is missing or wrong; use $TDMVC_ENDPOINT."}
            )
        try:
            return self.server.routes.answer(Request(self.command, path, body))
        except Exception as error:
            return Response(
                HTTPStatus.INTERNAL_SERVER_ERROR, {"message": f"tdmvc has a bug: {type(error).__name__}."}
            )

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        # Python refuses to read a number of thousands of digits.
        if not re.fullmatch("[0-9]{1,9}", length) or int(length) > _MOST_BODY_BYTES:
            self.close_connection = True
            return None
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _is_for_this_host(self) -> bool:
        hosts = self.headers.get_all("Host") or []
        port = self.server.server_port
        return len(hosts) == 1 and hosts[0].lower() in (f"{_HOST}:{port}", f"localhost:{port}")

    def _path_with_token(self) -> str | None:
        """Return the path without the token; None if the request has no or another token."""
        try:
            path = "/" + urlsplit(self.path).path.lstrip("/")
        except ValueError:
            return None
        first, _, rest = path[1:].partition("/")
        if _equal(first, self.server.token):
            return "/" + rest.strip("/")
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _equal(token.strip(), self.server.token):
            return "/" + path.strip("/")
        return None

    def _send(self, answer: Response) -> None:
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        if answer.status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if answer.status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: paths contain the token."""


def _equal(text: str, token: str) -> bool:
    return hmac.compare_digest(text.encode("utf-8", "replace"), token.encode())
