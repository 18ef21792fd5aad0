"""Compares the readers with Kysely and node-pg-migrate, which store names without endings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.agreement import assert_agreed, read
from tests.series import trials

UP = "exports.up = async () => {};\nexports.down = async () => {};\n"
BOTH = "module.exports = { up: async () => {}, down: async () => {} };\n"
NO_UP = "exports.name = 'x';\n"
SQL = "-- Up Migration\nselect 1;\n-- Down Migration\nselect 2;\n"

# JavaScript sorts by the units of UTF-16: an astral character comes before one of U+FB00.
KYSELY_STEMS = st.one_of(
    st.text("019aB_- é😀ﬀ", min_size=1, max_size=6).filter(str.strip),
    st.builds("{:d}{}".format, st.integers(0, 10**14), st.sampled_from(["", "_a", "-b", "_A"])),
)
NUMBERS = st.one_of(
    st.integers(0, 30).map(str),
    st.integers(0, 30).map("{:04d}".format),
    st.integers(1_700_000_000_000, 1_700_000_000_009).map(str),
    # The same time in UTC, and others near it.
    st.integers(0, 9).map("2023111422132000{}".format),
)
NAMES = st.text("aBz", min_size=1, max_size=3)
NUMBERED_STEMS = st.builds("{}{}{}".format, NUMBERS, st.sampled_from("_-"), NAMES)


@settings(max_examples=trials(80, 20), deadline=None)
@given(data=st.data())
def test_names_order_and_head_are_those_of_kysely(ask, data):
    files = {}
    for stem in data.draw(st.lists(KYSELY_STEMS, min_size=1, max_size=8, unique=True)):
        # Kysely only ignores a script without an `up`.
        text = data.draw(st.sampled_from([UP, BOTH, BOTH, NO_UP]))
        files[f"m/{stem}.{data.draw(st.sampled_from(['js', 'ts']))}"] = text
    beside = {"m/README.md": "up\n", "m/old/1_up.js": UP, "m/data.json": "{}", "m/zz.sql": "select 1;\n"}
    files |= {path: beside[path] for path in data.draw(st.sets(st.sampled_from(sorted(beside)), max_size=3))}
    assert_agreed(read("kysely", files), ask("kysely", files))


@settings(max_examples=trials(80, 20), deadline=None)
@given(data=st.data())
def test_names_order_and_head_are_those_of_node_pg_migrate(ask, data):
    files = {}
    for stem in data.draw(st.lists(NUMBERED_STEMS, min_size=1, max_size=8, unique=True)):
        ending = data.draw(st.sampled_from(["js", "ts", "sql"]))
        files[f"m/{stem}.{ending}"] = SQL if ending == "sql" else data.draw(st.sampled_from([UP, BOTH]))
    if data.draw(st.integers(0, 9)) == 0:
        files["m/helper.js"] = UP
    files |= data.draw(st.sampled_from([{}, {"m/.keep": ""}, {"m/old/1_x.js": UP}]))
    assert_agreed(read("node-pg-migrate", files), ask("node-pg-migrate", files))


@pytest.mark.parametrize(
    ("tool", "files", "theirs", "ours"),
    [
        # A list of all migrations and a test are not migrations, although the tool would take them.
        ("kysely", {"m/1.js": UP, "m/index.js": UP}, ["1", "index"], ["1"]),
        ("kysely", {"m/1.js": UP, "m/1.test.js": UP}, ["1", "1.test"], ["1"]),
        # An application with other files in the folder tells the tool to ignore them.
        ("node-pg-migrate", {"m/1_a.js": UP, "m/README.md": ""}, None, ["1_a"]),
    ],
)
def test_differences_from_a_tool_are_intended(ask, tool, files, theirs, ours):
    assert ask(tool, files).ids == theirs
    state = read(tool, files)
    assert [migration.id for migration in state.migrations] == ours
    assert state.problems == ()
