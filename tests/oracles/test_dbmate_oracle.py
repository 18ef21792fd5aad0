"""Compares the reader with dbmate, which applies random folders to a database of SQLite."""

import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.agreement import assert_agreed, read
from tests.oracles.conftest import write_files
from tests.oracles.oracle import Answer, packaged_command
from tests.series import trials

NUMBERS = st.one_of(
    st.integers(0, 120).map(str),
    st.integers(0, 120).map("{:03d}".format),
    st.integers(20_200_101_000_000, 20_300_101_000_000).map(str),
)
NAMES = st.text("abA_-.é", max_size=4)
BESIDE = {
    "m/README.md": "-- migrate:up\n",
    "m/a_1.sql": "-- migrate:up\n",
    "m/old/1_x.sql": "-- migrate:up\nselect 1;\n",
    "m/5_x.sql.bak": "-- migrate:up\n",
    "m/6_x.SQL": "-- migrate:up\n",
}
WRITTEN = [
    "-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n",
    "-- migrate:up\ncreate table if not exists t (x int);\n\n-- migrate:down\n",
    "-- migrate:up transaction:false\nselect 1;\n\n-- migrate:down transaction:false\n",
    "\n--   migrate:up\r\nselect 1;\r\n--migrate:down\r\nselect 1;\r\n",
    "-- a comment\n\t\n  -- and one more\n-- migrate:up\nselect 1;\n-- migrate:down",
]
REFUSED = [
    "",
    "select 1;\n",
    "-- migrate:up\nselect 1;\n",
    "-- migrate:down\nselect 1;\n",
    "--migrate up\nselect 1;\n-- migrate:down\n",
    "-- migrate:down\nselect 1;\n-- migrate:up\nselect 1;\n",
    "-- migrate:up\n-- migrate:up\nselect 1;\n-- migrate:down\n",
    "-- migrate:up\n-- migrate:down\n-- migrate:down\n",
    "select 0;\n-- migrate:up\nselect 1;\n-- migrate:down\n",
    "/* a comment */\n-- migrate:up\nselect 1;\n-- migrate:down\n",
    "-- migrate:upper\nselect 1;\n-- migrate:down\n",
    " -- migrate:up\nselect 1;\n-- migrate:down\n",
    "-- MIGRATE:UP\nselect 1;\n-- migrate:down\n",
]


@pytest.fixture(scope="session")
def dbmate():
    """Return which files dbmate applies, in its order."""
    command = packaged_command("dbmate")

    def applied(files):
        with tempfile.TemporaryDirectory() as folder:
            write_files(folder, files)
            words = ["--url", f"sqlite:{folder}/db.sqlite3", "--migrations-dir", f"{folder}/m"]
            done = subprocess.run(
                [command, *words, "--no-dump-schema", "up"],
                capture_output=True,
                text=True,
                check=False,
                cwd=folder,
            )
            if done.returncode:
                return Answer(refusal=done.stderr)
            with closing(sqlite3.connect(Path(folder) / "db.sqlite3")) as database:
                rows = database.execute("select version from schema_migrations order by rowid").fetchall()
        return Answer([version for (version,) in rows])

    return applied


@st.composite
def folders(draw):
    """Random names, which dbmate compares as text; a few files have no up marker."""
    files = {}
    for number, name in draw(st.lists(st.tuples(NUMBERS, NAMES), min_size=1, max_size=6, unique=True)):
        odd = draw(st.integers(0, 19)) == 0
        files[f"m/{number}{name}.sql"] = draw(st.sampled_from(REFUSED if odd else WRITTEN))
    beside = draw(st.sets(st.sampled_from(sorted(BESIDE)), max_size=2))
    return files | {path: BESIDE[path] for path in beside}


@settings(max_examples=trials(60, 20), deadline=None)
@given(folders())
def test_versions_order_and_head_are_those_that_dbmate_applies(dbmate, files):
    assert_agreed(read("dbmate", files), dbmate(files))
