"""Every test of this folder runs on every engine; what an engine cannot do is in `exceptions.yaml`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases.conformance.engines.base import Database, EngineUnderTest
from tests.databases.conformance.engines.duckdb import Duckdb
from tests.databases.conformance.engines.mariadb import Mariadb
from tests.databases.conformance.engines.postgres import Postgres
from tests.databases.conformance.engines.sqlite import Sqlite
from tests.series import IS_LONG
from tests.yaml_files import read_yaml

SECOND_VERSION = "PostgreSQL of the system"
LONG_OF_SECOND_VERSION = frozenset(
    {
        "test_large_catalog",
        "test_loading",
        "test_making_tables",
        "test_names_and_sizes",
        "test_secrets",
        "test_sessions",
        "test_state",
    }
)
"""What depends on no version of PostgreSQL runs on its second version only in a long run."""
ENGINES: tuple[EngineUnderTest, ...] = (
    Sqlite(),
    Duckdb(),
    Postgres("PostgreSQL", "postgres_server"),
    Postgres(SECOND_VERSION, "system_postgres", as_owner=True),
    Mariadb(),
)
EXCEPTIONS = Path(__file__).with_name("exceptions.yaml")


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> EngineUnderTest:
    """Each engine in turn."""
    found: EngineUnderTest = request.param
    return found


@pytest.fixture
def database(engine: EngineUnderTest, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database."""
    with engine.database(request) as made:
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect the failure of each exception: once a test passes, its exception is no longer needed, and fails."""
    if not IS_LONG:
        items[:] = [item for item in items if not _is_long(item)]
    reasons = {
        (line["test"], engine): line["reason"]
        for line in read_yaml(EXCEPTIONS) or ()
        for engine in line["engines"]
    }
    for item in items:
        spec = getattr(item, "callspec", None)
        engine = spec.params.get("engine") if spec else None
        # Pytest passes the tests of other folders, too.
        if isinstance(item, pytest.Function) and engine in ENGINES:
            name = item.originalname
            case = "-".join(part for part in spec.id.split("-") if part != engine.name)
            reason = reasons.get((name, engine.name)) or reasons.get((f"{name}[{case}]", engine.name))
            if reason:
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def _is_long(item: pytest.Item) -> bool:
    spec = getattr(item, "callspec", None)
    engine = spec.params.get("engine") if spec else None
    return engine in ENGINES and engine.name == SECOND_VERSION and item.path.stem in LONG_OF_SECOND_VERSION
