"""The variables of an environment whose database nobody needs have the form of the real ones."""

from pathlib import Path

import pytest

from tdmvc.environments.running.exports import placeholder_exports
from tdmvc.formats.config import parse_config


@pytest.mark.parametrize(
    ("database", "url"),
    [
        ("embedded", "postgresql://nowhere:nowhere@127.0.0.1:9/nowhere"),
        ("embedded-mariadb", "mysql://nowhere:nowhere@127.0.0.1:9/nowhere"),
        ("postgresql://ci:secret@db.example/shop", "postgresql://nowhere:nowhere@127.0.0.1:9/nowhere"),
        ("sqlite:///shop.db", "sqlite:////srv/app/.nowhere-shop.db"),
    ],
)
def test_an_address_is_of_the_right_kind_and_leads_nowhere(database: str, url: str) -> None:
    config = parse_config(
        f"""
format: tdmvc/1
environments:
  local:
    database: {database}
    services:
      queue: {{command: "redis-server --port {{port}}", exports: {{REDIS_URL: "redis://127.0.0.1:{{port}}"}}}}
""",
        "tdmvc.yaml",
    )
    exports = placeholder_exports(config.environments[0], Path("/srv/app"))
    assert exports["DATABASE_URL"] == url
    assert exports["REDIS_URL"] == "redis://127.0.0.1:9"
    assert "secret" not in str(exports)
