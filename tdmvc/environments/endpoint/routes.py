"""What the endpoint answers: tdmvc's own routes, and those of IntegreSQL 1.1 for its clients.

IntegreSQL's clients make a template themselves, unless they are told that it is there. The template here is the
environment's database, so every hash that a client names is answered with "initialized" (423).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from tdmvc.environments.addresses import address_values
from tdmvc.environments.base import EphemeralDatabase
from tdmvc.environments.endpoint.lending import Lender, Loan
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetReport
from tdmvc.model.location import ServerLocation

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was allowed."""

    method: str
    path: str
    """Without the token: `/databases`."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back."""

    status: HTTPStatus
    body: Json | None = None


@dataclass(frozen=True, slots=True)
class DatabaseOrigin:
    """Where the database of an endpoint came from, for programs that use it instead of one of their own."""

    refs: Sequence[str] = ()
    """The states that were loaded."""
    variables: Sequence[str] = ()
    """The names of the variables that the environment exports."""
    repository: str = ""
    """Its root."""


class Routes:
    """Answers requests for one environment."""

    def __init__(self, database: EphemeralDatabase, lender: Lender, origin: DatabaseOrigin) -> None:
        self._database = database
        self._origin = origin
        self._lender = lender
        number, any_hash = r"(?P<number>\d{1,9})", r"/api/v1/templates/[^/]+"
        table: list[tuple[str, str, Callable[[Mapping[str, str], Request], Response]]] = [
            ("GET", "/", self._describe),
            ("POST", "/reset", self._reset),
            ("POST", "/databases", self._create),
            ("POST", f"/databases/{number}/reset", self._reset_lent),
            ("DELETE", f"/databases/{number}", self._drop),
            ("POST", "/api/v1/templates", self._initialize_template),
            ("PUT", any_hash, self._done),
            ("DELETE", any_hash, self._done),
            ("GET", f"{any_hash}/tests", self._lend),
            ("POST", f"{any_hash}/tests/{number}/unlock", self._give_back),
            ("DELETE", f"{any_hash}/tests/{number}", self._give_back),
            ("POST", f"{any_hash}/tests/{number}/recreate", self._recreate),
            ("DELETE", "/api/v1/admin/templates", self._done),
        ]
        self._table = [(method, re.compile(path), answer) for method, path, answer in table]

    def answer(self, request: Request) -> Response:
        """Return what a request is answered with; whatever fails in a database becomes an answer, too."""
        matches = [
            (method, found, answer)
            for method, path, answer in self._table
            if (found := path.fullmatch(request.path)) is not None
        ]
        if not matches:
            return _failure(HTTPStatus.NOT_FOUND, "There is no such path; see docs/environments.md.")
        for method, found, answer in matches:
            if method == request.method:
                try:
                    return answer(found.groupdict(), request)
                except DatabaseError as error:
                    return _failure(HTTPStatus.SERVICE_UNAVAILABLE, error.message)
        allowed = ", ".join(sorted({method for method, _, _ in matches}))
        return _failure(HTTPStatus.METHOD_NOT_ALLOWED, f"The path takes {allowed} only.")

    def _describe(self, values: Mapping[str, str], request: Request) -> Response:
        database = address_values(self._database.location)
        return Response(
            HTTPStatus.OK,
            {
                "database": database,
                "datasets": list(self._origin.refs),
                "variables": list(self._origin.variables),
                "repository": self._origin.repository,
            },
        )

    def _reset(self, values: Mapping[str, str], request: Request) -> Response:
        return Response(HTTPStatus.OK, _reset_json(self._database.reset()))

    def _create(self, values: Mapping[str, str], request: Request) -> Response:
        loan = self._lender.lend()
        return Response(
            HTTPStatus.CREATED, {"id": loan.number, "database": address_values(loan.database.location)}
        )

    def _reset_lent(self, values: Mapping[str, str], request: Request) -> Response:
        report = self._lender.reset(int(values["number"]))
        return _no_database() if report is None else Response(HTTPStatus.OK, _reset_json(report))

    def _drop(self, values: Mapping[str, str], request: Request) -> Response:
        return Response(HTTPStatus.NO_CONTENT) if self._lender.drop(int(values["number"])) else _no_database()

    def _initialize_template(self, values: Mapping[str, str], request: Request) -> Response:
        try:
            payload = json.loads(request.body or b"null")
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict) or not isinstance(payload.get("hash"), str) or not payload["hash"]:
            return _failure(HTTPStatus.BAD_REQUEST, "hash is required")
        return _failure(HTTPStatus.LOCKED, "template is already initialized")

    def _done(self, values: Mapping[str, str], request: Request) -> Response:
        return Response(HTTPStatus.NO_CONTENT)

    def _lend(self, values: Mapping[str, str], request: Request) -> Response:
        if not isinstance(self._database.location, ServerLocation):
            return _failure(
                HTTPStatus.NOT_IMPLEMENTED,
                "IntegreSQL's clients need a server, and the environment's database is a file; use POST /databases.",
            )
        hash_ = request.path.split("/")[4]
        return Response(HTTPStatus.OK, _integresql_json(self._lender.lend(), hash_))

    def _give_back(self, values: Mapping[str, str], request: Request) -> Response:
        found = self._lender.give_back(int(values["number"]))
        return Response(HTTPStatus.NO_CONTENT) if found else _no_test_database()

    def _recreate(self, values: Mapping[str, str], request: Request) -> Response:
        number = int(values["number"])
        if self._lender.reset(number) is None:
            return _no_test_database()
        self._lender.give_back(number)
        return Response(HTTPStatus.NO_CONTENT)


def _reset_json(report: ResetReport) -> Json:
    return {
        "method": report.method.value,
        "seconds": round(report.seconds, 6),
        "ended_connections": list(report.ended_connections),
        "why": report.why,
        "remains": list(report.remains),
    }


def _integresql_json(loan: Loan, hash_: str) -> Json:
    values = address_values(loan.database.location)
    return {
        "id": loan.number,
        "database": {
            "templateHash": hash_,
            "config": {
                "host": values["host"],
                "port": int(values["port"]),
                "username": values["user"],
                "password": values["password"],
                "database": values["name"],
            },
        },
    }


def _failure(status: HTTPStatus, message: str) -> Response:
    return Response(status, {"message": message})


def _no_database() -> Response:
    return _failure(HTTPStatus.NOT_FOUND, "There is no database with this id.")


def _no_test_database() -> Response:
    """Return IntegreSQL's own answer."""
    return _failure(HTTPStatus.NOT_FOUND, "test database not found")
