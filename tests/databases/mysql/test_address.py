"""Where a server is and who connects: the URL, MYSQL_PWD and the option file, in this order."""

from pathlib import Path

import pytest

from tdmvc.databases.mysql.address import Address, resolve_address
from tdmvc.errors import DatabaseError, UsageError
from tdmvc.model.location import parse_location

OPTIONS = """
# Written by hand.
port = 1

[client]
user = file-user
password = "file # secret"
host=db.example
port=3310
!includedir /etc/nowhere
[mysqld]
user = mysql
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".my.cnf").write_text(OPTIONS)
    return tmp_path


def resolve(url: str, home: Path, **environment: str) -> Address:
    return resolve_address(parse_location(url), {"HOME": str(home), **environment})


def test_the_url_comes_first_then_the_environment_then_the_option_file(home: Path) -> None:
    address = resolve("mysql:///shop", home)
    assert (address.user, address.password, address.host, address.port) == (
        "file-user",
        "file # secret",
        "db.example",
        3310,
    )
    assert resolve("mysql:///shop", home, MYSQL_PWD="of the shell").password == "of the shell"
    address = resolve("mysql://me:mine%40@other:3307/shop?charset=latin1", home, MYSQL_PWD="x")
    assert (address.user, address.password, address.host, address.port) == ("me", "mine@", "other", 3307)
    assert resolve("mysql://me:@other/shop", home, MYSQL_PWD="x").password == ""


def test_no_text_of_an_address_shows_a_password(home: Path) -> None:
    address = resolve("mysql://me:mine@other/shop", home)
    assert "mine" not in repr(address) + str(address)


def test_a_file_that_anybody_may_write_to_counts_for_nothing(home: Path) -> None:
    (home / ".my.cnf").chmod(0o666)
    assert resolve("mysql://me@other/shop", home).password == ""


def test_a_socket_and_an_option_file_can_be_named(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.cnf"
    other.write_text("[client]\npassword=it\nsocket=/run/other.sock\n")
    address = resolve(f"mysql:///shop?read_default_file={other}", home)
    assert (address.password, address.socket) == ("it", "/run/other.sock")
    assert resolve("mysql:///shop?unix_socket=/tmp/s", home).socket == "/tmp/s"
    with pytest.raises(DatabaseError, match="option file cannot be read"):
        resolve(f"mysql:///shop?read_default_file={tmp_path}/gone", home)


@pytest.mark.parametrize(
    ("query", "has_tls", "is_required"),
    [
        ("", True, False),
        ("?ssl-mode=DISABLED", False, False),
        ("?ssl_mode=required", True, True),
        ("?sslmode=verify-full", True, True),
    ],
)
def test_how_the_connection_is_encrypted(query: str, has_tls: bool, is_required: bool, home: Path) -> None:
    address = resolve(f"mysql://me@db/shop{query}", home)
    assert (address.has_tls, address.tls is not None) == (has_tls, is_required)
    if address.tls is not None:
        assert address.tls.check_hostname is ("full" in query)


def test_options_that_are_not_known_are_refused_without_their_values(home: Path) -> None:
    for query in ("?passwd=secret", "?ssl_mode=strange", "?connect_timeout=soon", "?ssl_ca=/nowhere"):
        with pytest.raises((UsageError, DatabaseError)) as error:
            resolve(f"mysql://me@db/shop{query}", home)
        assert "secret" not in error.value.message


@pytest.mark.usefixtures("nameless_user")
def test_a_user_without_a_name_is_called_as_in_the_programs_of_mysql(tmp_path: Path) -> None:
    assert resolve("mysql:///shop", tmp_path).user == "UNKNOWN_USER"
