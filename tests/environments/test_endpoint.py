"""The HTTP endpoint: who is let in, what it answers, and to whom it lends which database."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.environments.endpoint import Endpoint, serve_endpoint
from tdmvc.environments.endpoint.lending import Lender
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, ResetReport, TemplateOrigin
from tdmvc.model.location import ServerLocation


@dataclass
class Database:
    """A database that counts what is done to it."""

    number: int
    resets: int = 0
    is_dropped: bool = False
    is_open: bool = False
    is_broken: bool = False
    seconds: float = 0.0
    """How long a reset takes."""
    at_once: int = 0
    most_at_once: int = 0

    @property
    def location(self) -> ServerLocation:
        return ServerLocation("postgresql", "127.0.0.1", 5432, "me", "geheim", f"shop_{self.number}")

    def reset(self) -> ResetReport:
        if self.is_broken:
            raise DatabaseError("The server is gone.", remedy="start it.")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.seconds)
        self.at_once -= 1
        self.resets += 1
        return ResetReport(ResetMethod.DELTA, 0.004)

    def is_used(self) -> bool:
        return self.is_open

    def drop(self) -> None:
        self.is_dropped = True


@dataclass
class Source:
    made: list[Database] = field(default_factory=list)
    origin: TemplateOrigin = TemplateOrigin.REUSED

    def create(self) -> Database:
        self.made.append(Database(len(self.made)))
        return self.made[-1]


@contextmanager
def serving() -> Iterator[tuple[Endpoint, Database, Source]]:
    database, source = Database(99), Source()
    with serve_endpoint(database, source) as endpoint:
        yield endpoint, database, source


@pytest.fixture
def served() -> Iterator[tuple[Endpoint, Database, Source]]:
    with serving() as found:
        yield found


def test_a_test_resets_the_database_of_its_run(served: tuple[Endpoint, Database, Source]) -> None:
    endpoint, database, _ = served
    answer = requests.post(f"{endpoint.url}reset", timeout=10)
    assert (answer.status_code, answer.json()["method"]) == (200, "delta")
    assert database.resets == 1


def test_a_test_gets_a_database_of_its_own_resets_and_drops_it(
    served: tuple[Endpoint, Database, Source],
) -> None:
    endpoint, _, source = served
    answer = requests.post(f"{endpoint.url}databases", timeout=10)
    assert answer.status_code == 201
    assert answer.json()["database"]["url"] == "postgresql://me:geheim@127.0.0.1:5432/shop_0"
    own = f"{endpoint.url}databases/{answer.json()['id']}"
    assert requests.post(f"{own}/reset", timeout=10).status_code == 200
    assert requests.delete(own, timeout=10).status_code == 204
    assert (source.made[0].resets, source.made[0].is_dropped) == (1, True)
    assert requests.delete(own, timeout=10).status_code == 404


def test_what_was_lent_is_removed_at_the_end() -> None:
    with serving() as (endpoint, _, source):
        requests.post(f"{endpoint.url}databases", timeout=10)
    assert source.made[0].is_dropped
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", endpoint.port), 1)


REFUSED = {
    "no token": ("/reset", {}, 401),
    "another token": ("/AAAA/reset", {}, 401),
    "another token in the header": ("/reset", {"Authorization": "Bearer AAAA"}, 401),
    "a token that is not ASCII": ("/%C3%A9/reset", {"Authorization": "Bearer \xe9"}, 401),
    "the name of another host": ("/TOKEN/reset", {"Host": "rebound.example:PORT"}, 421),
    "another port": ("/TOKEN/reset", {"Host": "127.0.0.1:1"}, 421),
    "an endless body": ("/TOKEN/reset", {"Content-Length": "99999999999"}, 413),
    "a length that no number of Python can have": ("/TOKEN/reset", {"Content-Length": "9" * 5000}, 413),
    "a length that is no number": ("/TOKEN/reset", {"Content-Length": "-1"}, 413),
    "a body in chunks": ("/TOKEN/reset", {"Transfer-Encoding": "chunked", "Content-Length": "0"}, 413),
    "an unknown path": ("/TOKEN/rows", {}, 404),
    "a path that leaves": ("/TOKEN/../reset", {}, 404),
    "a number that is too large": ("/TOKEN/databases/99999999999999999999/reset", {}, 404),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_is_refused_if_it_has(case: str, served: tuple[Endpoint, Database, Source]) -> None:
    endpoint, database, source = served
    path, headers, status = REFUSED[case]
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=10)
    connection.putrequest("POST", path.replace("TOKEN", endpoint.token), skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value.replace("PORT", str(endpoint.port)))
    if "Content-Length" not in headers:
        connection.putheader("Content-Length", "0")
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status == status
    assert endpoint.token not in text
    assert "geheim" not in text
    assert (database.resets, source.made) == (0, [])


def test_two_names_of_the_host_are_refused(served: tuple[Endpoint, Database, Source]) -> None:
    endpoint, database, _ = served
    with socket.create_connection(("127.0.0.1", endpoint.port), 10) as raw:
        raw.sendall(
            f"POST /{endpoint.token}/reset HTTP/1.1\r\nHost: 127.0.0.1:{endpoint.port}\r\n"
            f"Host: rebound.example\r\nContent-Length: 0\r\n\r\n".encode()
        )
        assert b" 421 " in raw.recv(4096)
    assert database.resets == 0


def test_the_token_may_be_in_a_header(served: tuple[Endpoint, Database, Source]) -> None:
    endpoint, database, _ = served
    answer = requests.post(
        f"http://127.0.0.1:{endpoint.port}/reset",
        headers={"Authorization": f"Bearer {endpoint.token}"},
        timeout=10,
    )
    assert (answer.status_code, database.resets) == (200, 1)


def test_another_method_is_told_which_ones_the_path_takes(served: tuple[Endpoint, Database, Source]) -> None:
    answer = requests.get(f"{served[0].url}reset", timeout=10)
    assert answer.status_code == 405
    assert "POST" in answer.json()["message"]


def test_what_fails_in_the_database_is_answered_with_the_remedy() -> None:
    with serving() as (endpoint, database, _):
        database.is_broken = True
        answer = requests.post(f"{endpoint.url}reset", timeout=10)
    assert answer.status_code == 503
    assert "The server is gone" in answer.json()["message"]
    assert "geheim" not in answer.text


@given(st.binary(max_size=300))
def test_no_bytes_of_a_client_stop_the_endpoint(shared_endpoint: Endpoint, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", shared_endpoint.port), 10) as raw:
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        raw.recv(65536)
    assert requests.get(shared_endpoint.url, timeout=10).status_code == 200


@pytest.fixture(scope="module")
def shared_endpoint() -> Iterator[Endpoint]:
    with serving() as (endpoint, _, _):
        yield endpoint


def test_clients_of_integresql_find_a_template_and_get_databases(
    served: tuple[Endpoint, Database, Source],
) -> None:
    endpoint, _, source = served
    api = f"{endpoint.exports['INTEGRESQL_CLIENT_BASE_URL']}/v1"
    assert requests.post(f"{api}/templates", json={"hash": "abc"}, timeout=10).status_code == 423
    assert requests.post(f"{api}/templates", json={}, timeout=10).status_code == 400
    assert requests.post(f"{api}/templates", data="[" * 30000, timeout=10).status_code == 400
    assert requests.put(f"{api}/templates/abc", timeout=10).status_code == 204
    first = requests.get(f"{api}/templates/abc/tests", timeout=10).json()
    assert first == {
        "id": 0,
        "database": {
            "templateHash": "abc",
            "config": {
                "host": "127.0.0.1",
                "port": 5432,
                "username": "me",
                "password": "geheim",
                "database": "shop_0",
            },
        },
    }
    second = requests.get(f"{api}/templates/abc/tests", timeout=10).json()
    assert second["id"] == 1
    assert requests.post(f"{api}/templates/abc/tests/0/recreate", timeout=10).status_code == 204
    assert requests.get(f"{api}/templates/abc/tests", timeout=10).json()["id"] == 0
    assert requests.delete(f"{api}/templates/abc/tests/1", timeout=10).status_code == 204
    assert requests.get(f"{api}/templates/abc/tests", timeout=10).json()["id"] == 1
    assert len(source.made) == 2
    assert requests.post(f"{api}/templates/abc/tests/7/unlock", timeout=10).status_code == 404


def test_a_database_that_nobody_returned_is_lent_again_only_if_it_is_old_and_unused() -> None:
    source, now = Source(), count(0, 10)
    lender = Lender(source, most=2, clock=lambda: float(next(now)))
    first, second = lender.lend(), lender.lend()
    source.made[0].is_open = True
    third = lender.lend()
    assert third.number == 2, "both others are too young, or used"
    for _ in range(4):
        next(now)
    assert lender.lend() is second
    assert source.made[1].resets == 1
    source.made[0].is_open = False
    assert lender.lend() is first


def test_a_database_that_cannot_be_reset_is_replaced() -> None:
    source = Source()
    lender = Lender(source)
    broken = lender.lend()
    source.made[0].is_broken = True
    lender.give_back(broken.number)
    assert lender.lend().number == 1
    assert source.made[0].is_dropped


def test_no_database_is_lent_to_two_at_once() -> None:
    source = Source()
    lender = Lender(source, most=3)
    held: set[int] = set()
    clashes: list[int] = []
    lock = threading.Lock()

    def borrow() -> None:
        for _ in range(50):
            number = lender.lend().number
            with lock:
                if number in held:
                    clashes.append(number)
                held.add(number)
            with lock:
                held.discard(number)
            lender.give_back(number)

    threads = [threading.Thread(target=borrow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clashes == []


def test_one_thread_at_a_time_resets_a_database() -> None:
    source = Source()
    lender = Lender(source)
    loan = lender.lend()
    source.made[0].seconds = 0.005
    threads = [threading.Thread(target=lender.reset, args=[loan.number]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (source.made[0].resets, source.made[0].most_at_once) == (8, 1)


def test_a_database_that_another_thread_has_dropped_is_not_made_again() -> None:
    source = Source()
    lender = Lender(source)
    loan = lender.lend()
    lender.drop(loan.number)
    with pytest.raises(DatabaseError, match="has been removed"):
        loan.database.reset()
    assert (source.made[0].resets, loan.database.is_used()) == (0, False)


def test_answers_are_json_and_show_how_to_connect(served: tuple[Endpoint, Database, Source]) -> None:
    endpoint, _, _ = served
    answer = requests.get(endpoint.url, timeout=10)
    assert json.loads(answer.text)["database"]["name"] == "shop_99"
    assert answer.headers["Cache-Control"] == "no-store"
