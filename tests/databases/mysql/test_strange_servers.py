"""A server that is none, or that wants more than it may have, gets no password and no file, and is named."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from tdmvc.databases.mysql.address import resolve_address
from tdmvc.databases.mysql.connection import connected
from tdmvc.errors import DatabaseError
from tdmvc.model.location import parse_location

PASSWORD = "s3cret-pw"


def _packet(number: int, data: bytes) -> bytes:
    return struct.pack("<I", len(data))[:3] + bytes([number]) + data


GREETING = _packet(
    0,
    b"\x0a8.0.30\0\1\0\0\0" + b"12345678\0" + struct.pack("<HBHH", 0xF7FF & ~0x800, 45, 2, 0x81FF)
    # The length of the salt, ten reserved bytes, the rest of the salt, and the plugin.
    + b"\x15" + bytes(10) + b"123456789012\0mysql_native_password\0",
)  # fmt: skip
WELCOME, DONE = (_packet(number, b"\0\0\0\2\0\0\0") for number in (2, 1))
ANSWERS = {
    "another protocol": ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), "does not answer as"),
    "half a greeting": ((_packet(0, b"\x0a8.0"),), "does not answer as"),
    "no answer": ((GREETING, WELCOME, DONE), "connection to the server was lost"),
    "no greeting": ((), "connection to the server was lost"),
    "a password as it is": ((GREETING, _packet(2, b"\xfemysql_clear_password\0")), "wants the password"),
    "a prompt": ((GREETING, _packet(2, b"\xfedialog\0\x05Password: ")), "wants the password"),
    "a file": ((GREETING, WELCOME, DONE, _packet(1, b"\xfb/etc/passwd")), "asks for a file"),
}


@pytest.fixture
def serve() -> Iterator[Callable[[tuple[bytes, ...]], int]]:
    """Start a server that sends an answer at each turn; return its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def run(answers: tuple[bytes, ...]) -> int:
        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                for text in answers:
                    connection.sendall(text)
                    received.append(connection.recv(4096))
                received.append(connection.recv(4096))

        threading.Thread(target=answer, daemon=True).start()
        return int(listener.getsockname()[1])

    yield run
    listener.close()
    assert PASSWORD.encode() not in b"".join(received)
    assert b"root:" not in b"".join(received)


@pytest.mark.parametrize(("answers", "why"), ANSWERS.values(), ids=ANSWERS.keys())
def test_a_strange_server_is_named(
    answers: tuple[bytes, ...], why: str, serve: Callable[[tuple[bytes, ...]], int]
) -> None:
    url = f"mysql://me:{PASSWORD}@127.0.0.1:{serve(answers)}/shop?connect_timeout=1"
    with (
        pytest.raises(DatabaseError, match=why) as error,
        connected(resolve_address(parse_location(url), {}), mode=""),
    ):
        pass
    assert PASSWORD not in error.value.message
    assert error.value.remedy
