"""Compares the reader's order of folders with that of Node.js, which Prisma uses."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.agreement import assert_agreed, read
from tests.series import trials

NAMES = st.one_of(
    st.builds("{:014d}_{}".format, st.integers(0, 3), st.text("abAB_1-", max_size=4)),
    st.text("abABé_ä-1029. ,;:!?'\"()[]{}@*&#%`^+<=>|~$z", min_size=1, max_size=6),
).filter(lambda name: name.strip(" .") == name)


@settings(max_examples=trials(150, 30), deadline=None)
@given(st.sets(NAMES, min_size=1, max_size=8))
def test_folders_are_in_the_order_that_javascript_gives_them(ask, names):
    files = {f"m/{name}/migration.sql": "select 1;\n" for name in names}
    assert_agreed(read("prisma", files), ask("prisma", files))
