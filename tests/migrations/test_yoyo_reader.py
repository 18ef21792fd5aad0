"""The yoyo reader: Python and SQL files that depend on each other."""

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import read_state
from tests.migrations.states import find, ids, problems
from tests.series import trials


def files(folder="migrations", **depends):
    return {
        f"{folder}/{name}.py": f"from yoyo import step\n__depends__ = {before!r}\nstep('')\n"
        for name, before in depends.items()
    }


def test_a_realistic_folder_is_found_and_read_as_a_graph(case_tree):
    (found,) = find("yoyo", case_tree("yoyo"))
    assert found.path == "db/migrations"
    state = read_state(case_tree("yoyo"), found)
    assert [(m.id, m.name, m.touches) for m in state.migrations] == [
        ("20230101_01_Ab1cD-customers", "Customers", ("customers",)),
        ("20230201_01_Xy9zZ-orders", "Orders of customers", ("orders",)),
        ("20230202_01_Qr5sT-notes", "20230202_01_Qr5sT-notes", ("customers",)),
        ("20230301_01_Merge-both", "Bring both branches together", ("orders",)),
        ("20230401_01_Sql2-rules", "20230401_01_Sql2-rules", ("rules",)),
    ]
    assert state.heads == ("20230301_01_Merge-both", "20230401_01_Sql2-rules")
    both = ("20230201_01_Xy9zZ-orders", "20230202_01_Qr5sT-notes")
    assert [m.parents for m in state.migrations[3:]] == [both, both]
    assert state.problems == ()


@pytest.mark.parametrize(
    ("literal", "parents"),
    [
        ("{'a'}", ("a",)),
        ("['a', 'b']", ("a", "b")),
        ("('b', 'a')", ("a", "b")),
        ("'a'", ("a",)),
        ("set(['a'])", ("a",)),
        ("frozenset({'a'})", ("a",)),
        ("{'a': 1}", ("a",)),
        ("{}", ()),
        ("set()", ()),
        ("[]", ()),
        ("set([FIRST, 'b'])", ("a", "b")),
    ],
)
def test_dependencies_may_be_any_iterable_literal(tree, at, literal, parents):
    more = {"migrations/c.py": f"FIRST = 'a'\n__depends__ = {literal}\n"}
    state = read_state(tree(files(a={}, b={}) | more), at("yoyo", "migrations"))
    assert next(m for m in state.migrations if m.id == "c").parents == parents
    assert state.problems == ()


@pytest.mark.parametrize(
    "literal", ["find()", "{*OTHERS}", "{**OTHERS}", "[1]", "None", "{'a'} | {'b'}", "set(x for x in y)"]
)
def test_dependencies_that_would_have_to_be_computed_are_an_error_with_file_and_line(tree, at, literal):
    with pytest.raises(MigrationsError, match="__depends__") as caught:
        read_state(tree({"migrations/a.py": f"\n__depends__ = {literal}\n"}), at("yoyo", "migrations"))
    assert caught.value.where == "migrations/a.py, line 2"


def test_old_syntax_is_read_as_far_as_dependencies_go(tree, at):
    old = {"migrations/b.py": "print 'hello'\n__depends__ = ['a']\n"}
    state = read_state(tree(files(a={}) | old), at("yoyo", "migrations"))
    assert state.heads == ("b",)
    with pytest.raises(MigrationsError, match="not Python"):
        read_state(tree({"migrations/b.py": "print 'hello'\n"}), at("yoyo", "migrations"))
    with pytest.raises(MigrationsError, match="merge conflict"):
        read_state(tree({"migrations/b.py": "<<<<<<< HEAD\nx\n>>>>>>> b\n"}), at("yoyo", "migrations"))


def test_only_the_comments_at_the_top_of_an_sql_file_name_dependencies(tree, at):
    sql = "\n--  depends :  a b\n-- more\n  -- depends: c\nselect 1;\n-- depends: d\n"
    names = {f"migrations/{name}.sql": "select 1" for name in "abcd"}
    state = read_state(tree({"migrations/e.sql": sql, **names}), at("yoyo", "migrations"))
    assert state.migrations[-1].parents == ("a", "b", "c")
    assert state.migrations[-1].name == "more"
    assert state.heads == ("d", "e")


def test_rollbacks_hooks_and_subfolders_are_left_out(tree, at):
    names = ("post-apply.py", "post-apply-views.sql", "_tmp_yoyonewx.py", "a.rollback.sql")
    more = {f"migrations/{name}": "__depends__ = compute()" for name in (*names, "notes.txt", "old/b.py")}
    plain = read_state(tree(files(a={})), at("yoyo", "migrations"))
    state = read_state(tree(files(a={}) | more), at("yoyo", "migrations"))
    assert ids(state) == ["a"]
    assert state.digest == plain.digest


def test_several_heads_are_no_problem_for_yoyo(tree, at):
    state = read_state(tree(files(a={}, b={"a"}, c={"a"})), at("yoyo", "migrations"))
    assert state.heads == ("b", "c")
    assert state.problems == ()


def test_a_missing_dependency_a_repeated_id_and_a_cycle_are_problems(tree, at):
    state = read_state(tree(files(a={"gone"})), at("yoyo", "migrations"))
    assert problems(state) == [("dangling-parent", "migrations/a.py")]
    state = read_state(tree(files(a={}) | {"migrations/a.sql": ""}), at("yoyo", "migrations"))
    assert problems(state) == [("duplicate-id", "migrations/a.sql")]
    state = read_state(tree(files(a={"b"}, b={"a"}, c={})), at("yoyo", "migrations"))
    assert problems(state) == [("cycle", None)]
    with pytest.raises(MigrationsError, match="no head"):
        read_state(tree(files(a={"b"}, b={"a"})), at("yoyo", "migrations"))


def test_several_sources_are_one_location(tree, at):
    given = {"yoyo.ini": "[DEFAULT]\nsources = %(here)s/core plugins/*/steps own/migrations ../outside\n"}
    given |= (
        files("core", a={})
        | files("plugins/migrations/steps", d={"b"})
        | files("plugins/x/steps", b={"a"})
        | files("plugins/x/y/steps", c={})
    )
    given |= files("own/migrations", e={"a"})
    (found,) = find("yoyo", tree(given))
    assert found.path == "yoyo.ini"
    assert ids(read_state(tree(given), found)) == ["a", "b", "d", "e"]
    assert ids(read_state(tree(given), at("yoyo", "."))) == ["a", "b", "d", "e"]


@pytest.mark.parametrize(
    "given",
    [
        {"app/migrations/1.py": "from yoyo import step\n"},
        {"app/migrations/1.py": "__depends__ = {}\n"},
        {"app/migrations/1.sql": "-- depends: \nselect 1;\n"},
    ],
    ids=["import", "depends", "sql"],
)
def test_a_folder_is_recognised_by_its_first_files(tree, given):
    assert [loc.path for loc in find("yoyo", tree(given))] == ["app/migrations"]


def test_other_folders_of_python_and_sql_do_not_belong_to_yoyo(tree):
    others = {
        "shop/migrations/0001_initial.py": "class Migration: pass",
        "sql/migrations/1_a.sql": "select 1",
        "tests/migrations/1.py": "from yoyo import step",
        "tools/1.py": "from yoyo import step",
    }
    assert find("yoyo", tree(others)) == []


@pytest.mark.parametrize("path", ["migrations", "nowhere", "."])
def test_no_migration_is_an_error(tree, at, path):
    with pytest.raises(MigrationsError):
        read_state(tree({"migrations/readme.md": "", "yoyo.ini": "nonsense"}), at("yoyo", path))


def test_invalid_utf_8_and_thousands_of_files_in_one_chain_are_read(tree, at):
    many = trials(10_000, 2_000)
    chain = {f"{n:05d}": {f"{n - 1:05d}"} if n else {} for n in range(many)}
    odd = {
        f"migrations/{many:05d}.sql": f"-- depends: {many - 1:05d}\n".encode()
        + b"insert into t values ('\xff');"
    }
    state = read_state(tree(files(**chain) | odd), at("yoyo", "migrations"))
    assert state.heads == (f"{many:05d}",)
    assert state.problems == ()
