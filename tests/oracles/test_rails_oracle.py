"""Compares the reader with Rails on random folders."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.agreement import assert_agreed, read
from tests.series import trials

NUMBERS = st.one_of(
    st.integers(1, 30).map(str),
    st.integers(1, 30).map("{:03d}".format),
    st.integers(20_000_101_000_000, 20_300_101_000_000).map(str),
)
NAMES = st.one_of(st.text("ab1_", min_size=1, max_size=4), st.text("abcdefgh", min_size=3, max_size=8))
# Rails refuses some of these and ignores others.
ODD_FILES = [
    "1_Upper.rb",
    "2-dash.rb",
    "3_dash-ed.rb",
    "4_a.b.c.rb",
    "5.rb",
    "6_.rb",
    "7_a..rb",
    "8_é.rb",
    "a_9.rb",
    "10_a.rb.bak",
    ".11_a.rb",
    "12_a.sql",
]
ENDINGS = st.sampled_from([".rb", ".rb", ".rb", ".rb", ".my_engine.rb"])


@st.composite
def folders(draw):
    """Random names with and without leading zeros, in subfolders; a few are odd."""
    names = st.builds("{}_{}{}".format, NUMBERS, NAMES, ENDINGS)
    files = {}
    for name in draw(st.lists(names, max_size=7, unique=True)):
        files[draw(st.sampled_from(["m/", "m/", "m/2024/", "m/a/b/"])) + name] = "class X; end\n"
    if not files or draw(st.integers(0, 9)) == 0:
        odd = draw(st.sets(st.sampled_from(ODD_FILES), min_size=1, max_size=2))
        files |= {f"m/{name}": "class X; end\n" for name in odd}
    return files


@settings(max_examples=trials(200, 40), deadline=None)
@given(folders())
def test_versions_order_and_head_are_those_of_rails_itself(ask, files):
    assert_agreed(read("rails", files), ask("rails", files))
