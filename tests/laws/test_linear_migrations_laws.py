"""The laws of linear histories, for every tool that names migrations by a number or a name."""

import random
from collections.abc import Callable, Iterable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tdmvc.migrations import read_state
from tdmvc.migrations.linear import link_by_rank, natural_rank, number_rank, plain_number
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
from tests.builders import MemoryTree

Written = dict[str, str]
Writer = Callable[[int, str, str], Written]
"""Returns the files of one migration, below `m/`, for a number, its up part and its down part."""


def two_files(number: int, up: str, down: str) -> Written:
    return {f"m/{number}_x.up.sql": f"{up}\n", f"m/{number}_x.down.sql": f"{down}\n"}


def script(number: int, up: str, down: str) -> Written:
    text = f"exports.up = async (k) => k.raw(`\n{up}\n`);\nexports.down = async (k) => k.raw(`\n{down}\n`);\n"
    return {f"m/{number:014d}-x.js": text}


WRITERS: dict[str, Writer] = {
    "sql": two_files,
    "golang-migrate": two_files,
    "sqlx": two_files,
    "flyway": lambda n, up, down: {f"m/V{n}__x.sql": up, f"m/U{n}__x.sql": down},
    "dbmate": lambda n, up, down: {f"m/{n:014d}_x.sql": f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n"},
    "goose": lambda n, up, down: {f"m/{n}_x.sql": f"-- +goose Up\n{up}\n-- +goose Down\n{down}\n"},
    "diesel": lambda n, up, down: {f"m/{n:014d}_x/up.sql": up, f"m/{n:014d}_x/down.sql": down},
    "rails": lambda n, up, down: {
        f"m/{n}_x{n}.rb": f"class X{n} < ActiveRecord::Migration[7.1]\n  def up\n    execute <<~SQL\n"
        f"{up}\n    SQL\n  end\n  def down\n    execute <<~SQL\n{down}\n    SQL\n  end\nend\n"
    },
    "knex": script,
    "sequelize": script,
    "typeorm": lambda n, up, down: {
        f"m/{n}-x.ts": f"export class X{n:013d} implements MigrationInterface {{\n"
        f"  async up(q) {{\n    await q.query(`\n{up}\n`);\n  }}\n"
        f"  async down(q) {{\n    await q.query(`\n{down}\n`);\n  }}\n}}\n"
    },
    "efcore": lambda n, up, down: {
        f"m/{n:014d}_X.cs": f'public partial class X : Migration {{\nvoid Up() {{ Sql(@"\n{up}\n"); }}\n'
        f'void Down() {{ Sql(@"\n{down}\n"); }} }}\n',
        f"m/{n:014d}_X.Designer.cs": f'[DbContext(typeof(C))]\n[Migration("{n:014d}_X")]\npartial class X {{ }}\n',
    },
}

APART = sorted(WRITERS.keys() - {"rails", "knex", "sequelize", "typeorm", "efcore"})
"""Tools that keep the down migration apart, in a file of its own or after a marker."""

tools = st.sampled_from(sorted(WRITERS))
numbers = st.lists(st.integers(1, 10**9), min_size=1, max_size=8, unique=True)
names = st.text("abc_", min_size=1, max_size=5)


def files(tool: str, chosen: Iterable[int], up: str = "CREATE TABLE t{} (x int);") -> Written:
    written: Written = {}
    for number in chosen:
        written |= WRITERS[tool](number, up.format(number), f"DROP TABLE d{number};")
    return written


def read(tool: str, written: Written) -> MigrationState:
    return read_state(MemoryTree(written), MigrationLocation("main", tool, "m"))


@given(tools, numbers, st.randoms(use_true_random=False))
def test_migrations_are_in_the_order_of_their_numbers_whatever_the_order_of_their_files(
    tool, chosen, random_
):
    shuffled = list(chosen)
    random_.shuffle(shuffled)
    state = read(tool, files(tool, shuffled))
    assert state == read(tool, files(tool, sorted(chosen)))
    # Each hint names the table of its own number: that is the order, whatever the ids look like.
    assert [m.touches for m in state.migrations] == [(f"t{number}",) for number in sorted(chosen)]
    ids = [migration.id for migration in state.migrations]
    assert state.heads == (ids[-1],)
    assert [m.parents for m in state.migrations] == [(), *((id_,) for id_ in ids[:-1])]
    assert state.problems == ()


@given(tools, numbers, st.data())
def test_an_edit_of_any_up_migration_changes_the_digest(tool, chosen, data):
    edited = data.draw(st.sampled_from(chosen))
    before = read(tool, files(tool, chosen))
    after = read(
        tool,
        files(tool, chosen) | WRITERS[tool](edited, "CREATE TABLE other (x int);", f"DROP TABLE d{edited};"),
    )
    assert before.digest != after.digest
    assert before.heads == after.heads


@given(st.sampled_from(APART), numbers, st.data())
def test_an_edit_of_a_separate_down_migration_changes_nothing(tool, chosen, data):
    edited = data.draw(st.sampled_from(chosen))
    other = WRITERS[tool](edited, f"CREATE TABLE t{edited} (x int);", "DROP TABLE something_else;")
    assert read(tool, files(tool, chosen)) == read(tool, files(tool, chosen) | other)


# A class is searched for at the beginning of a line, and no compiler takes a lone CR as its end.
@given(tools, numbers, st.sampled_from(["\r\n", "\r"]))
def test_line_ends_do_not_change_the_digest(tool, chosen, line_end):
    assume(line_end == "\r\n" or tool != "typeorm")
    written = files(tool, chosen)
    other = {path: text.replace("\n", line_end) for path, text in written.items()}
    assert read(tool, written).digest == read(tool, other).digest


@given(tools, numbers, st.data())
def test_another_migration_changes_the_digest_and_is_in_the_place_of_its_number(tool, chosen, data):
    more = data.draw(st.integers(1, 10**9).filter(lambda number: number not in chosen))
    before, after = read(tool, files(tool, chosen)), read(tool, files(tool, [*chosen, more]))
    assert before.digest != after.digest
    assert (before.heads != after.heads) == (more > max(chosen))
    assert after.count == before.count + 1


@pytest.mark.parametrize(
    ("tool", "first", "second"),
    [
        ("sql", "m/7_a.sql", "m/007_b.sql"),
        ("sql", "m/7_a.sql", "m/7_b.sql"),
        ("golang-migrate", "m/7_a.up.sql", "m/007_b.up.sql"),
        ("sqlx", "m/7_a.sql", "m/007_b.up.sql"),
        ("dbmate", "m/7_a.sql", "m/7_b.sql"),
        ("goose", "m/7_a.sql", "m/007_b.go"),
        ("diesel", "m/7_a/up.sql", "m/7_b/up.sql"),
        ("diesel", "m/20-24_a/up.sql", "m/2024_b/up.sql"),
        ("rails", "m/7_a.rb", "m/007_b.rb"),
        ("flyway", "m/V7__a.sql", "m/V7.0__b.sql"),
        ("knex", "m/a/7.js", "m/b/7.js"),
        ("sequelize", "m/a/7.js", "m/b/7.js"),
    ],
)
def test_two_files_with_one_number_are_reported(tool, first, second):
    text = "-- +goose Up\n-- migrate:up\n-- migrate:down\n-- exports.up, exports.down\n"
    state = read(tool, {first: text, second: text})
    assert [problem.kind for problem in state.problems] == ["duplicate-id"]
    assert first in state.problems[0].message
    assert second in state.problems[0].message
    assert state.count == 2


@given(
    st.lists(st.tuples(st.integers(0, 30), names), min_size=1, max_size=12), st.randoms(use_true_random=False)
)
def test_the_order_is_total_and_stable(drawn, random_):
    migrations = [Migration(str(number), name, f"m/{number}_{name}") for number, name in drawn]
    ranks = {migration.id: number_rank(migration.id) for migration in migrations}
    expected = link_by_rank(migrations, ranks)
    random_.shuffle(migrations)
    assert link_by_rank(migrations, ranks) == expected
    assert [int(m.id) for m in expected] == sorted(int(m.id) for m in expected)
    assert link_by_rank(expected, ranks) == expected


@given(st.integers(0, 10**40), st.integers(0, 10**40), st.integers(0, 5), st.integers(0, 5))
def test_digits_are_compared_as_numbers(one, other, zeros, more_zeros):
    left, right = "0" * zeros + str(one), "0" * more_zeros + str(other)
    assert (number_rank(left) < number_rank(right)) == (one < other)
    assert (plain_number(left) == plain_number(right)) == (one == other)
    assert (natural_rank(left) < natural_rank(right)) == (one < other)


@given(numbers, st.text("abc\n", max_size=20))
def test_the_generated_model_of_ef_core_does_not_count(chosen, model):
    written = files("efcore", chosen)
    other = {path: text + (model if path.endswith(".Designer.cs") else "") for path, text in written.items()}
    snapshot = {"m/CModelSnapshot.cs": f"[DbContext(typeof(C))] class CModelSnapshot {{ {model} }}"}
    assert read("efcore", other | snapshot) == read("efcore", written)


@settings(max_examples=20, deadline=None)
@given(tools, st.integers(0, 2**32))
def test_a_long_history_is_read_without_recursion(tool, seed):
    chosen = random.Random(seed).sample(range(1, 10**9), 300)
    state = read(tool, files(tool, chosen))
    assert state.count == 300
    assert state.problems == ()
