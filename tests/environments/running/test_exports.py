"""The variables of an environment, and what keeps passwords out of texts."""

from pathlib import Path

import pytest

from tdmvc.environments.running.exports import database_exports, process_variables, without_secrets
from tdmvc.errors import UsageError
from tdmvc.model.environment import Environment
from tdmvc.model.location import PathLocation, ServerLocation
from tdmvc.servers.marked_processes import RUN_VARIABLE

SERVER = ServerLocation("postgresql", "127.0.0.1", 5433, "me", "ge heim", "shop")


def test_placeholders_are_filled_and_clients_find_the_database_in_their_own_variables() -> None:
    exports = database_exports(
        Environment("local", exports={"A": "{sqlalchemy_url}", "B": "{user}@{host}:{port}/{name} {{url}}"}),
        SERVER,
    )
    assert exports["A"] == "postgresql+psycopg://me:ge%20heim@127.0.0.1:5433/shop"
    assert exports["B"] == "me@127.0.0.1:5433/shop {url}"
    assert (exports["PGHOST"], exports["PGPASSWORD"]) == ("127.0.0.1", "ge heim")


def test_only_an_embedded_server_is_known_to_have_no_tls() -> None:
    assert database_exports(Environment("local"), SERVER)["PGSSLMODE"] == "disable"
    assert "PGSSLMODE" not in database_exports(Environment("local", "postgresql://db/x"), SERVER)
    file = PathLocation(Path("/tmp/x.db"), "sqlite")
    assert database_exports(Environment("local"), file) == {"DATABASE_URL": "sqlite:////tmp/x.db"}


def test_a_placeholder_without_a_value_is_named() -> None:
    with pytest.raises(UsageError, match=r"\{path\}"):
        database_exports(Environment("local", "${URL}", exports={"X": "{path}"}), SERVER)


def test_variables_that_lead_elsewhere_are_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGSERVICE", "PGHOSTADDR", "OTHER"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PGHOST", "elsewhere")
    variables = process_variables({"PGHOST": "127.0.0.1"}, "/tmp/run-1")
    assert variables["PGHOST"] == "127.0.0.1"
    assert "PGSERVICE" not in variables
    assert "PGHOSTADDR" not in variables
    assert (variables["OTHER"], variables[RUN_VARIABLE]) == ("x", "/tmp/run-1")
    # They stay where no server is exported.
    assert process_variables({"DATABASE_URL": "sqlite:///x"})["PGSERVICE"] == "x"


def test_no_text_of_a_program_shows_a_password() -> None:
    exports = database_exports(Environment("local"), SERVER)
    said = f"cannot connect: {exports['DATABASE_URL']} password 'ge heim'"
    assert "heim" not in without_secrets(said, exports)
