"""`environments` in tdmvc.yaml: what is read, what is inherited, and what is refused with its line and key."""

import pytest

from tdmvc.errors import ConfigError
from tdmvc.formats.config import parse_config
from tdmvc.model.environment import Environment, Service

HEAD = "format: tdmvc/1\nenvironments:\n"


def read(text: str) -> tuple[Environment, ...]:
    return parse_config(HEAD + text, "tdmvc.yaml").environments


def test_every_setting_of_an_environment_is_read() -> None:
    [local] = read(
        """\
  local:
    database: embedded-15
    folder: apps/shop/
    migrate: alembic upgrade head
    migrate_inputs: [app/models/**]
    datasets: [reference, golden@3.2.0]
    exports: {SQLALCHEMY_URL: "{sqlalchemy_url}"}
    services:
      queue: {command: "redis-server --port {port}", ready: "tcp:{port}", start_seconds: 5, exports: {Q: "redis://h:{port}"}}
    policy: {masked: allowed, also: [a, b]}
"""
    )
    assert local == Environment(
        "local",
        "embedded-15",
        folder="apps/shop",
        migrate="alembic upgrade head",
        migrate_inputs=("app/models/**",),
        datasets=("reference", "golden@3.2.0"),
        exports={"DATABASE_URL": "{url}", "SQLALCHEMY_URL": "{sqlalchemy_url}"},
        services=(
            Service("queue", "redis-server --port {port}", "tcp:{port}", 5, {"Q": "redis://h:{port}"}),
        ),
        policy={"masked": "allowed", "also": ["a", "b"]},
    )


def test_an_environment_without_settings_has_the_defaults() -> None:
    assert read("  local:\n") == (Environment("local"),)


def test_an_empty_list_loads_nothing_and_an_empty_command_runs_nothing() -> None:
    [local] = read("  local: {datasets: [], migrate: ''}\n")
    assert (local.datasets, local.migrate) == ((), "")


def test_what_an_environment_does_not_set_comes_from_the_one_that_it_extends() -> None:
    local, ci, deep = read(
        """\
  local: {database: "sqlite:///x.db", datasets: [golden], exports: {A: "1", B: "2"}, services: {web: {command: w}}}
  ci: {extends: local, datasets: [golden@1.0.0], exports: {B: "3", DATABASE_URL: null, C: "{path}"}}
  deep: {extends: ci, services: {web: null, queue: {command: q}}}
"""
    )
    assert ci.database == local.database
    assert ci.datasets == ("golden@1.0.0",)
    assert ci.exports == {"A": "1", "B": "3", "C": "{path}"}
    assert ci.services == local.services
    assert deep.exports == ci.exports
    assert deep.services == (Service("queue", "q"),)


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("  1x: {}\n", "cannot be the name of an environment", "line 3, key 'environments.1x'"),
        ("  a: {databse: x}\n", "'databse' is unknown", "line 3"),
        ("  a: {extends: b}\n", "no environment 'b'", "line 3, key 'environments.a.extends'"),
        ("  a: {extends: a}\n", "in a circle: a → a", "line 3"),
        ("  a: {extends: b}\n  b: {extends: c}\n  c: {extends: b}\n", "b → c → b", "line 5"),
        ("  a: {database: postgres}\n", "names no database", "key 'environments.a.database'"),
        ("  a: {database: embedded-x}\n", "names no database", "line 3"),
        (
            "  a:\n    exports:\n      X: '{urll}'\n",
            "no placeholder {urll}",
            "line 5, key 'environments.a.exports.X'",
        ),
        ("  a: {database: 'sqlite:///x', exports: {X: '{host}'}}\n", "no placeholder {host}", "line 3"),
        ("  a: {exports: {X: '{path}'}}\n", "no placeholder {path}", "line 3"),
        ("  a: {exports: {1X: x}}\n", "name of an environment variable", "line 3"),
        ("  a: {datasets: [golden, golden@1.0.0]}\n", "named twice", "line 3"),
        ("  a: {datasets: ['@1']}\n", "not a reference", "line 3"),
        ("  a: {datasets: ['release:1']}\n", "names no dataset", "line 3"),
        ("  a: {folder: ../x}\n", "must stay inside", "line 3"),
        ("  a: {migrate_inputs: [/etc/**]}\n", "must stay inside", "line 3"),
        ("  a: {services: {q: {}}}\n", "'command' is missing", "line 3"),
        ("  a: {services: {q: {command: x, raedy: y}}}\n", "'raedy' is unknown", "line 3"),
        ("  a: {services: {'q!': {command: x}}}\n", "name of a service", "line 3"),
        ("  a: {services: {q: {command: '{url}'}}}\n", "no placeholder {url}", "line 3"),
        ("  a: {services: {q: {command: x, ready: soon}}}\n", "when a service is ready", "line 3"),
        ("  a: {services: {q: {command: x, ready: 'log: '}}}\n", "when a service is ready", "line 3"),
        ("  a: {services: {q: {command: x, ready: 'tcp:70000'}}}\n", "when a service is ready", "line 3"),
        ("  a: {services: {q: {command: x, start_seconds: 0}}}\n", "Expected a number from 1", "line 3"),
        ("  a: x\n", "Expected a mapping", "line 3"),
    ],
)
def test_a_fault_is_named_with_its_line_and_key(text: str, what: str, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert what in caught.value.what
    assert where in caught.value.where


def test_braces_that_are_not_around_one_name_are_text() -> None:
    [local] = read("""  a: {exports: {X: '{"a": {"b": 1}} ${HOME} {{url}}'}}\n""")
    assert local.exports["X"] == '{"a": {"b": 1}} ${HOME} {{url}}'
