"""Compares the reader with TypeORM, which loads classes from random folders."""

import re
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.agreement import read
from tests.series import trials

WORDS = st.text("abXY_$1", min_size=1, max_size=4).filter(lambda word: not word[0].isdigit())
TIMES = st.one_of(
    st.integers(1, 10**13 - 1).map("{:013d}".format),
    st.sampled_from(["1600000000000", "1600000000001"]),
    # Too short, too long, not at the end, missing.
    st.sampled_from(["160000000000", "11600000000000", "1600000000000a", "", "0000000000000"]),
)
NAMES = st.builds("{}{}".format, WORDS, TIMES)

CLASS_SPELLINGS = [
    "exports.{name} = class {name} {{\n  async up(q) {{}}\n  async down(q) {{}}\n}};\n",
    "class {name} {{\n  up(q) {{ return q.query(`select 1`); }}\n  down(q) {{}}\n}}\nexports.{name} = {name};\n",
    "'use strict';\nmodule.exports = class {name} {{\n  async up(q) {{ const name = 'x9999999999999'; }}\n"
    "  async down(q) {{}}\n}};\n",
    "module.exports = {{}};\nclass {name}\n{{\n  async up(q) {{}}\n  async down(q) {{}}\n}}\n"
    "module.exports.{name} = {name};\n",
]
NAME_SPELLINGS = [
    "exports.M = class M {{\n  name = '{name}';\n  async up(q) {{}}\n  async down(q) {{}}\n}};\n",
    "class M {{\n  constructor() {{\n    this.name = '{name}';\n  }}\n  async up(q) {{}}\n  async down(q) {{}}\n}}\n"
    "exports.M = M;\n",
    'exports.Other1500000000000 = class Other1500000000000 {{\n  name = "{name}"\n  async up(q) {{}}\n}};\n',
]
BESIDE = {
    "m/README.md": "class A1600000000000 { up() {} }\n",
    "m/types.d.ts": "export declare class A1600000000000 { up(): void }\n",
    "m/constants.js": "exports.NAMES = ['a'];\nexports.LIMIT = 1600000000000;\n",
    "m/1.js.map": "{}",
}


@st.composite
def folders(draw):
    """Random classes in random folders, each with an `up`; a few have a name that TypeORM refuses."""
    files = {}
    for number, name in enumerate(draw(st.lists(NAMES, min_size=1, max_size=6))):
        folder = draw(st.sampled_from(["m", "m/2024", "m/2024/q1"]))
        spelling = draw(st.sampled_from([*CLASS_SPELLINGS, *NAME_SPELLINGS]))
        files[f"{folder}/{number}.{draw(st.sampled_from(['js', 'ts', 'cjs']))}"] = spelling.format(name=name)
    beside = draw(st.sets(st.sampled_from(sorted(BESIDE)), max_size=2))
    return files | {path: BESIDE[path] for path in beside}


def _moments(ids):
    """Return ids by timestamp; TypeORM leaves equal ones in the order in which the disk lists them."""
    return [sorted(same) for _, same in groupby(ids, key=lambda id_: re.match("[0-9]+", id_[-13:])[0])]


@settings(max_examples=trials(120, 25), deadline=None)
@given(folders())
def test_names_and_order_are_those_of_typeorm_itself(ask, files):
    answer = ask("typeorm", files)
    state = read("typeorm", files)
    if answer.refusal:
        assert state is None or state.problems, answer.refusal
    else:
        assert state is not None, answer.ids
        moments = _moments([migration.id for migration in state.migrations])
        assert moments == _moments(answer.ids)
        assert state.heads[0] in moments[-1]
        assert state.problems == ()
