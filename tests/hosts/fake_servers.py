"""Servers on this machine that answer as the REST APIs of GitHub and GitLab do, as far as comments go."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HTML = "<html><body>Sign in to continue</body></html>"


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """By name in lower case."""
    body: Any


@dataclass(frozen=True)
class Reply:
    """What a server answers."""

    status: int = 200
    """0 hangs up without a word."""
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Server:
    """A server that keeps what it was sent and may be told to fail first."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.failures: list[Reply] = []
        """Given in turn, before anything is looked at."""
        self.fail_on: str | None = None
        """The method that the failures are kept for; None is any."""
        self.url = ""

    def answer(self, request: Request) -> Reply:
        return Reply(404, {"message": "Not Found"})

    def reply_to(self, request: Request) -> Reply:
        self.requests.append(request)
        if self.failures and self.fail_on in (None, request.method):
            return self.failures.pop(0)
        return self.answer(request)

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.requests if request.method != "GET"]


class GitHubServer(Server):
    """One pull request with its comments."""

    def __init__(self, *, login: str | None = None) -> None:
        super().__init__()
        self.comments: list[dict[str, Any]] = []
        self.login = login
        """The token's user; None is an Actions token, which may not ask."""
        self.is_read_only = False
        self.limit = 65_536
        self.loses_answers = 0
        """How many comments are written without the client being told."""
        self.lost_answer = Reply(502, HTML)

    def add(self, body: str, login: str = "github-actions[bot]") -> int:
        id_ = 1000 + len(self.comments)
        kind = "Bot" if login.endswith("[bot]") else "User"
        self.comments.append(
            {
                "id": id_,
                "body": body,
                "user": {"login": login, "type": kind},
                "html_url": f"https://github.test/acme/shop/pull/7#issuecomment-{id_}",
            }
        )
        return id_

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != "Bearer sesame":
            return Reply(401, {"message": "Bad credentials"})
        if request.path == "/user":
            if self.login is None:
                return Reply(403, {"message": "Resource not accessible by integration"})
            return Reply(200, {"login": self.login})
        if request.path == "/repos/acme/shop/issues/7/comments" and request.method == "GET":
            return self._page(request)
        if request.path.startswith("/repos/acme/shop/issues/") and request.method in ("POST", "PATCH"):
            return self._write(request)
        return Reply(404, {"message": "Not Found"})

    def _page(self, request: Request) -> Reply:
        size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
        shown = self.comments[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(self.comments):
            base = f"{self.url}{request.path}?per_page={size}"
            headers["Link"] = f'<{base}&page={page + 1}>; rel="next", <{base}&page=99>; rel="last"'
        return Reply(200, shown, headers)

    def _write(self, request: Request) -> Reply:
        if self.is_read_only:
            return Reply(403, {"message": "Resource not accessible by integration"})
        body = request.body["body"]
        if len(body) > self.limit:
            fault = {
                "resource": "IssueComment",
                "code": "unprocessable",
                "field": "data",
                "message": f"Body is too long (maximum is {self.limit} characters)",
            }
            return Reply(422, {"message": "Validation Failed", "errors": [fault]})
        if request.method == "PATCH":
            comment = next(c for c in self.comments if request.path.endswith(f"/comments/{c['id']}"))
            comment["body"] = body
            return Reply(200, comment)
        self.add(body, self.login or "github-actions[bot]")
        if self.loses_answers:
            self.loses_answers -= 1
            return self.lost_answer
        return Reply(201, self.comments[-1])


class GitLabServer(Server):
    """One merge request with its notes."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[dict[str, Any]] = []
        self.limit = 1_000_000

    def add(self, body: str, username: str = "project_1_bot", *, system: bool = False) -> int:
        id_ = 500 + len(self.notes)
        self.notes.append({"id": id_, "body": body, "author": {"username": username}, "system": system})
        return id_

    def answer(self, request: Request) -> Reply:
        if "job-token" in request.headers:
            return Reply(401, {"message": "401 Unauthorized"})
        if request.headers.get("private-token") != "sesame":
            return Reply(401, {"message": "401 Unauthorized"})
        notes = "/api/v4/projects/11/merge_requests/3/notes"
        if request.path == "/api/v4/user":
            return Reply(200, {"username": "project_1_bot"})
        if request.path == notes and request.method == "GET":
            size, page = int(request.query.get("per_page", 20)), int(request.query.get("page", 1))
            is_last = page * size >= len(self.notes)
            headers = {"X-Next-Page": "" if is_last else str(page + 1), "X-Page": str(page)}
            return Reply(200, self.notes[(page - 1) * size : page * size], headers)
        if request.path.startswith(notes) and request.method in ("POST", "PUT"):
            return self._write(request, notes)
        return Reply(404, {"message": "404 Not found"})

    def _write(self, request: Request, notes: str) -> Reply:
        body = request.body["body"]
        if len(body) > self.limit:
            why = f"is too long (maximum is {self.limit} characters)"
            return Reply(400, {"message": {"note": [why]}})
        if request.method == "PUT":
            note = next(n for n in self.notes if request.path == f"{notes}/{n['id']}")
            note["body"] = body.strip()
            return Reply(200, note)
        self.add(body.strip())
        return Reply(201, self.notes[-1])


@contextmanager
def running(server: Server, *, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """Let the server listen on a free port of this machine."""
    reply_to: Callable[[Request], Reply] = server.reply_to

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            reply = reply_to(
                Request(
                    self.command,
                    parts.path,
                    {name: values[0] for name, values in parse_qs(parts.query).items()},
                    {name.lower(): value for name, value in self.headers.items()},
                    json.loads(raw) if raw else None,
                )
            )
            if reply.status == 0:
                self.close_connection = True
                return
            is_page = isinstance(reply.body, str)
            data = reply.body.encode() if is_page else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "text/html" if is_page else "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{listening.server_address[1]}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
