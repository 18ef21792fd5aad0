"""Sessions that are open across tests: pools find out by themselves, and whatever cannot is explained."""

from tests.pytest_plugin.conftest import RunPytest

QUIET = "--tdmvc-no-attribution"
HELD = {
    "test_held.py": """
import os, psycopg, pytest, sqlalchemy
from sqlalchemy.orm import Session

engine = sqlalchemy.create_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"))

@pytest.fixture(scope="module")
def connection():
    # The recipe of SQLAlchemy's documentation: one outer transaction, and a savepoint for each test.
    with engine.connect() as connection, connection.begin() as outer:
        yield connection
        outer.rollback()

@pytest.fixture
def session(connection):
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        yield session

def add(session):
    session.execute(sqlalchemy.text("INSERT INTO settings VALUES ('theme', 'dark')"))
    session.commit()
    return session.execute(sqlalchemy.text("SELECT count(*) FROM settings")).scalar_one()

def test_first(session):
    assert add(session) == 1

def test_second(session):
    assert add(session) == 1
""",
    "test_held_by_module.py": """
import pytest
from test_held import add, connection
from sqlalchemy.orm import Session

pytestmark = pytest.mark.tdmvc(reset="module")

@pytest.fixture
def session(connection):
    with connection.begin_nested() as savepoint:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        savepoint.rollback()

@pytest.mark.parametrize("turn", range(3))
def test_outer_transaction(session, turn):
    assert add(session) == 1
""",
    "test_pools.py": """
import os, psycopg, psycopg_pool, pytest, sqlalchemy
from django.conf import settings  # nobody made them, and whoever looks into them gets an error
from sqlalchemy.orm import sessionmaker

URL = os.environ["DATABASE_URL"]
Session = sessionmaker(sqlalchemy.create_engine(URL.replace("postgresql:", "postgresql+psycopg:")))
pool = psycopg_pool.ConnectionPool(URL, min_size=1, max_size=2, open=True)

@pytest.mark.parametrize("turn", range(3))
def test_pools_after_a_swap(turn):
    with Session() as session:
        assert session.execute(sqlalchemy.text("SELECT count(*) FROM orders")).scalar_one() == 3
        session.execute(sqlalchemy.text("ALTER TABLE orders ADD COLUMN more int"))
        session.execute(sqlalchemy.text("DELETE FROM orders"))
        session.commit()
    with pool.connection() as connection:
        assert connection.execute("SELECT count(more) FROM orders").fetchone() == (0,)

def test_end():
    pool.close()
""",
}


def test_a_session_that_a_reset_ended_is_explained(run_pytest: RunPytest) -> None:
    done = run_pytest(HELD, "--tdmvc-env=migrated", QUIET)
    kinds = {name: kind for name, kind in done.results.items() if kind != "passed"}
    assert kinds == {"test_second": "failed"}, done.out
    assert "That ended these sessions: " in done.out, done.out
    assert '@pytest.mark.tdmvc(reset="module")' in done.out
    assert done.count("passed") == 8
