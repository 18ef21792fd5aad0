"""Compares the readers with Knex, Sequelize and Umzug, which apply scripts by name."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.agreement import assert_agreed, read
from tests.series import trials

TOOLS = {"knex": "knex", "sequelize": "sequelize", "umzug": "sequelize"}
"""Each tool, and the reader that is compared with it."""

ENDINGS = {"knex": ["js", "cjs", "ts"], "sequelize": ["js", "cjs", "ts", "cts"], "umzug": ["js", "cjs"]}

BOTH_WAYS = [
    "exports.up = async () => {};\nexports.down = async () => {};\n",
    "module.exports = { up: async () => {}, down: async () => {} };\n",
    "'use strict';\nmodule.exports = {\n  async up(queryInterface) {},\n  async down(queryInterface) {},\n};\n",
    "const up = async () => {};\nconst down = async () => {};\nmodule.exports = { up, down };\n",
    "exports.config = { transaction: false };\nexports.up = function () { return Promise.resolve(); };\n"
    "exports.down = function () { return Promise.resolve(); };\n",
]
ONE_WAY = "exports.up = async () => {};\n"
NO_WAY = ["exports.name = 'x';\n", "module.exports = {};\n", "exports.down = async () => {};\n", ""]

LEFT_TO_DECISIONS = re.compile(r"\s*|.*\.d|index|\d+\.\d+\.\d+.*")
"""Names that the reader treats differently from the tools, for reasons that a test below gives."""

# JavaScript sorts by the units of UTF-16: an astral character comes before one of U+FB00.
STEMS = st.one_of(
    st.text("019aB_- é😀ﬀ.", min_size=1, max_size=6),
    st.builds(
        "{:0{}d}{}".format,
        st.integers(0, 10**14),
        st.sampled_from([1, 3, 14]),
        st.sampled_from(["", "_a", "-b", "_A"]),
    ),
).filter(lambda stem: not stem.startswith(".") and not LEFT_TO_DECISIONS.fullmatch(stem))

BESIDE = {
    "m/README.md": "up\n",
    "m/.gitkeep": "",
    "m/old/1_up.js": BOTH_WAYS[0],
    "m/1.js.map": "{}",
    "m/data.json": '{"up": 1}',
    "m/zz.sql": "select 1;\n",
    "other/9.js": BOTH_WAYS[0],
}


@st.composite
def scripts(draw, tool):
    """Random scripts next to other files; a few scripts have no `up` or `down`."""
    files = {}
    for stem in draw(st.lists(STEMS, min_size=1, max_size=8, unique=True)):
        says = draw(st.sampled_from(BOTH_WAYS))
        if draw(st.integers(0, 19)) == 0:
            says = draw(st.sampled_from([ONE_WAY, *NO_WAY]))
        files[f"m/{stem}.{draw(st.sampled_from(ENDINGS[tool]))}"] = says
    beside = draw(st.sets(st.sampled_from(sorted(BESIDE)), max_size=3))
    return files | {path: BESIDE[path] for path in beside}


@pytest.mark.parametrize("tool", TOOLS)
@settings(max_examples=trials(80, 25), deadline=None)
@given(data=st.data())
def test_ids_order_and_head_are_those_of_the_tool_itself(ask, tool, data):
    files = data.draw(scripts(tool))
    assert_agreed(read(TOOLS[tool], files), ask(tool, files))


UP, DECLARED = BOTH_WAYS[0], "export declare function up(): Promise<void>;\n"


@pytest.mark.parametrize(
    ("tool", "files", "theirs", "ours"),
    [
        # A list of all migrations, a test and a declaration are not migrations, although the tool would fail on them.
        ("knex", {"m/1.js": UP, "m/index.js": "module.exports = [];\n"}, None, ["1.js"]),
        ("sequelize", {"m/1.js": UP, "m/index.js": "module.exports = [];\n"}, None, ["1.js"]),
        ("knex", {"m/1.js": UP, "m/1.test.js": "test('up', () => {});\n"}, None, ["1.js"]),
        ("knex", {"m/1.ts": UP, "m/1.d.ts": DECLARED}, None, ["1.ts"]),
        ("knex", {"m/1.js": UP, "m/.eslintrc.js": "module.exports = {};\n"}, None, ["1.js"]),
        # JavaScript that was compiled from TypeScript next to it is the same migration.
        ("knex", {"m/1.ts": UP, "m/1.js": UP}, ["1.js", "1.ts"], ["1.ts"]),
        ("sequelize", {"m/1.ts": UP, "m/1.js": UP}, ["1.js", "1.ts"], ["1.ts"]),
        # The tool can be configured to load modules with these endings.
        ("knex", {"m/1.js": UP, "m/2.mjs": "export const up = 1, down = 1;\n"}, ["1.js"], ["1.js", "2.mjs"]),
        # An application whose names are all semantic versions sets its own order.
        ("knex", {"m/1.10.0.js": UP, "m/1.9.0.js": UP}, ["1.10.0.js", "1.9.0.js"], ["1.9.0.js", "1.10.0.js"]),
    ],
)
def test_differences_from_a_tool_are_intended(ask, tool, files, theirs, ours):
    assert ask(tool, files).ids == theirs
    state = read(TOOLS[tool], files)
    assert [migration.id for migration in state.migrations] == ours
    assert state.problems == ()
