"""The Alembic reader: configurations, revisions and their faults."""

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import detect, read_state
from tests.migrations.states import kinds

INI = "[alembic]\nscript_location = %(here)s/db\n"


def revision(id_, down=None, *, body="", extra=""):
    return f'''"""Message of {id_}

Revision ID: {id_}
"""
import sqlalchemy as sa
from alembic import op

revision = {id_!r}
down_revision = {down!r}
{extra}

def upgrade():
    {body or "pass"}


def downgrade():
    op.drop_table("only_in_downgrade")
'''


def history(*pairs, folder="db/versions"):
    return {f"{folder}/{id_}_x.py": revision(id_, down) for id_, down in pairs}


@pytest.mark.parametrize("path", ["svc/db", "svc/db/versions", "svc", "svc/alembic.ini", "./svc/db/"])
def test_any_of_its_folders_can_be_the_location(tree, at, path):
    files = {"svc/alembic.ini": INI, "svc/db/env.py": ""} | history(
        ("a1", None), ("b2", "a1"), folder="svc/db/versions"
    )
    state = read_state(tree(files), at("alembic", path))
    assert state.heads == ("b2",)
    assert [m.id for m in state.migrations] == ["a1", "b2"]
    assert state.migrations[1].parents == ("a1",)
    assert state.migrations[1].name == "Message of b2"
    assert state.problems == ()


def test_an_annotated_assignment_counts(tree, at):
    text = (
        "from typing import Sequence, Union\n"
        'revision: str = "b"\ndown_revision: Union[str, None] = "a"\n'
        "branch_labels: Union[str, Sequence[str], None] = None\n"
    )
    files = {"m/versions/a.py": revision("a"), "m/versions/b.py": text}
    assert read_state(tree(files), at("alembic", "m")).heads == ("b",)


@pytest.mark.parametrize("down", ['("a", "b")', '["a", "b"]', '("a",) + ("b",)', "PARENTS"])
def test_a_merge_revision_has_both_parents_and_is_the_only_head(tree, at, down):
    merge = f'PARENTS = ("a", "b")\nrevision = "m"\ndown_revision = {down}\n'
    files = history(("a", "r"), ("b", "r"), ("r", None)) | {"db/versions/m.py": merge}
    state = read_state(tree(files), at("alembic", "db"))
    assert state.heads == ("m",)
    assert state.migrations[-1].parents == ("a", "b")
    assert kinds(state) == []


def test_an_abbreviated_parent_is_found_by_its_unique_prefix(tree, at):
    state = read_state(tree(history(("abcdef99", None), ("abd111", "abcd"))), at("alembic", "db"))
    assert state.heads == ("abd111",)
    assert state.migrations[1].parents == ("abcdef99",)


def test_an_ambiguous_abbreviation_is_a_missing_parent(tree, at):
    state = read_state(tree(history(("abc1", None), ("abc2", "abc1"), ("d", "abc"))), at("alembic", "db"))
    assert "dangling-parent" in kinds(state)


def test_two_heads_are_a_problem_that_names_both(tree, at):
    state = read_state(tree(history(("a", None), ("b", "a"), ("c", "a"))), at("alembic", "db"))
    assert state.heads == ("b", "c")
    assert kinds(state) == ["several-heads"]
    assert "b, c" in state.problems[0].message


def test_a_missing_parent_is_a_problem_at_its_file(tree, at):
    state = read_state(tree(history(("b", "gone"))), at("alembic", "db"))
    assert state.heads == ("b",)
    assert [(p.kind, p.path) for p in state.problems] == [("dangling-parent", "db/versions/b_x.py")]


def test_a_dependency_is_an_edge_but_leaves_a_head_a_head(tree, at):
    files = history(("a", None)) | {
        "db/versions/b.py": revision("b", extra="depends_on = 'a'"),
        "db/versions/c.py": revision("c", extra="branch_labels = ('lab',)"),
        "db/versions/d.py": revision("0d", extra="depends_on = ['lab']"),
    }
    state = read_state(tree(files), at("alembic", "db"))
    assert state.heads == ("0d", "a", "b", "c")
    assert {m.id: m.parents for m in state.migrations} == {"a": (), "b": ("a",), "c": (), "0d": ("c",)}
    assert [m.id for m in state.migrations] == ["a", "b", "c", "0d"]


def test_a_dependency_is_no_problem_while_branch_labels_are_computed(tree, at):
    files = {
        "db/versions/a.py": revision("a", extra="branch_labels = (cli.EXPAND,)"),
        "db/versions/b.py": revision("b", "a", extra="depends_on = 'expand'"),
    }
    state = read_state(tree(files), at("alembic", "db"))
    assert state.heads == ("b",)
    assert state.problems == ()


def test_two_files_with_one_id_are_a_problem(tree, at):
    files = {"db/versions/1.py": revision("a"), "db/versions/2.py": revision("a")}
    state = read_state(tree(files), at("alembic", "db"))
    assert kinds(state) == ["duplicate-id"]
    assert state.count == 2


def test_a_cycle_next_to_a_history_is_a_problem_that_names_it(tree, at):
    state = read_state(tree(history(("r", None), ("a", "b"), ("b", "a"))), at("alembic", "db"))
    assert state.heads == ("r",)
    assert kinds(state) == ["cycle"]
    assert "a → b → a" in state.problems[0].message


def test_a_history_that_is_only_a_cycle_is_an_error(tree, at):
    with pytest.raises(MigrationsError, match="no head"):
        read_state(tree(history(("a", "b"), ("b", "a"))), at("alembic", "db"))


def test_a_file_of_python_two_is_read(tree, at):
    old = (
        "revision = u'b'\ndown_revision = (\n    'a',  # the first\n)\n\n"
        "def upgrade():\n    print 'hello'\n    op.add_column('users', sa.Column('x', sa.Integer()))\n"
        "def downgrade():\n    op.drop_table('gone')\n"
    )
    state = read_state(tree(history(("a", None)) | {"db/versions/b.py": old}), at("alembic", "db"))
    assert state.heads == ("b",)
    assert state.migrations[1].parents == ("a",)
    assert state.migrations[1].touches == ("users",)


def test_a_file_that_is_nested_too_deeply_for_the_parser_is_read(tree, at):
    text = revision("a") + "X = " + "+".join(["1"] * 20_000) + "\nY = " + "(" * 5_000 + "\n"
    assert read_state(tree({"db/versions/a.py": text}), at("alembic", "db")).heads == ("a",)


def test_a_merge_conflict_is_an_error_with_its_line(tree, at):
    text = "revision = 'b'\n<<<<<<< HEAD\ndown_revision = 'a'\n=======\ndown_revision = 'c'\n>>>>>>> other\n"
    with pytest.raises(MigrationsError, match=r"merge conflict") as caught:
        read_state(tree({"db/versions/b.py": text}), at("alembic", "db"))
    assert caught.value.where == "db/versions/b.py, line 2"
    assert caught.value.remedy == "resolve the conflict."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import x\nrevision = x.make()\n", 2),
        ("revision = 'a'\n\ndown_revision = os.environ['P']\n", 3),
        ("revision = 'a'\ndown_revision = ('b', f())\n", 2),
        ("revision = ''\n", 1),
        ("revision = revision\n", 1),
    ],
)
def test_a_computed_revision_is_an_error_with_its_line(tree, at, text, line):
    with pytest.raises(MigrationsError, match="cannot be understood") as caught:
        read_state(tree(history(("a", None)) | {"db/versions/x.py": text}), at("alembic", "db"))
    assert caught.value.where == f"db/versions/x.py, line {line}"
    assert "write a literal" in caught.value.remedy


def test_a_module_without_revision_is_a_problem(tree, at):
    state = read_state(tree(history(("a", None)) | {"db/versions/shared.py": "X = 1\n"}), at("alembic", "db"))
    assert kinds(state) == ["unreadable-file"]
    assert state.heads == ("a",)


@pytest.mark.parametrize("path", ["nowhere", "other", ".", "other/versions"])
def test_a_folder_without_revisions_is_an_error_and_not_an_empty_state(tree, at, path):
    files = {"other/readme.md": "", "other/versions/__init__.py": ""}
    with pytest.raises(MigrationsError):
        read_state(tree(files), at("alembic", path))


def test_bad_bytes_and_bom_do_not_hide_a_revision(tree, at):
    text = b"\xef\xbb\xbf# caf\xe9 \xff\nrevision = 'a'\ndown_revision = None\n"
    assert read_state(tree({"db/versions/a.py": text}), at("alembic", "db")).heads == ("a",)


def test_a_file_with_nul_bytes_is_an_error_with_its_name(tree, at):
    with pytest.raises(MigrationsError, match="cannot be understood"):
        read_state(tree(history(("a", None)) | {"db/versions/z.py": "\0\0"}), at("alembic", "db"))


def test_line_ends_do_not_change_the_digest_but_content_does(tree, at):
    text = revision("a")
    unix = read_state(tree({"db/versions/a.py": text}), at("alembic", "db"))
    windows = read_state(tree({"db/versions/a.py": text.replace("\n", "\r\n")}), at("alembic", "db"))
    edited = read_state(tree({"db/versions/a.py": text + "\n# edited"}), at("alembic", "db"))
    assert unix.digest == windows.digest
    assert unix.digest != edited.digest
    assert unix.digest.startswith("sha256:")


def test_a_chain_of_ten_thousand_revisions_is_read_in_order(tree, at):
    ids = [f"{number * 7919 % 10_007:05d}" for number in range(10_000)]
    files = {
        f"db/versions/{id_}.py": f"revision = {id_!r}\ndown_revision = {down!r}\n"
        for id_, down in zip(ids, [None, *ids], strict=False)
    }
    state = read_state(tree(files), at("alembic", "db"))
    assert state.heads == (ids[-1],)
    assert [m.id for m in state.migrations] == ids


def test_nothing_in_a_migration_is_run(tree, at, tmp_path):
    trace = tmp_path / "trace"
    text = f"open({str(trace)!r}, 'w').write('x')\n" + revision("a")
    assert read_state(tree({"db/versions/a.py": text}), at("alembic", "db")).heads == ("a",)
    assert not trace.exists()


def test_version_locations_are_all_read(tree, at):
    ini = "[alembic]\nscript_location = db\nversion_locations = %(here)s/db/one:%(here)s/db/two\npath_separator = os\n"
    files = (
        {"alembic.ini": ini, "db/env.py": ""}
        | history(("a", None), folder="db/one")
        | history(("b", "a"), folder="db/two")
    )
    for path in (".", "db"):
        assert read_state(tree(files), at("alembic", path)).heads == ("b",)
    assert [location.path for location in detect(tree(files))] == ["db"]


def test_a_subfolder_counts_only_if_alembic_would_search_it(tree, at):
    files = history(("a", None)) | history(("b", "a"), folder="db/versions/old")
    plain = {"alembic.ini": INI} | files
    recursive = {"alembic.ini": INI + "recursive_version_locations = true\n"} | files
    assert read_state(tree(recursive), at("alembic", "db")).heads == ("b",)
    assert read_state(tree(files), at("alembic", "db")).heads == ("b",)
    unread = read_state(tree(plain), at("alembic", "db"))
    assert unread.heads == ("a",)
    assert [(p.kind, p.path) for p in unread.problems] == [("unreadable-file", "db/versions/old/b_x.py")]
    assert "recursive_version_locations" in unread.problems[0].message


@pytest.mark.parametrize("path", ["svc/db", "svc/db/versions", "svc", "svc/alembic.ini"])
@pytest.mark.parametrize("code", ["svc/db/env.py", "svc/cli.py", "migrate.py"])
def test_subfolders_beside_files_count_if_code_sets_where_alembic_searches(tree, at, path, code):
    files = (
        {"svc/alembic.ini": INI, "svc/db/env.py": "", code: "config.set_main_option('version_locations', x)"}
        | {"svc/db/versions/first.py": revision("a"), "svc/db/versions/__init__.py": ""}
        | {"svc/db/versions/2024/expand/b.py": revision("b", "a", extra="branch_labels = (cli.EXPAND,)")}
        | {"svc/db/versions/2025/expand/d.py": revision("d", "b")}
        | {"svc/db/versions/2024/contract/c.py": revision("c", "a", extra="branch_labels = (cli.CONTRACT,)")}
    )
    state = read_state(tree(files), at("alembic", path))
    assert state.heads == ("c", "d")
    assert state.problems == ()
    assert [location.path for location in detect(tree(files))] == ["svc/db"]


def test_subfolders_beside_files_count_if_a_revision_follows_one_in_them(tree, at):
    files = {"alembic.ini": INI} | history(("b", "a")) | history(("a", None), folder="db/versions/old")
    state = read_state(tree(files), at("alembic", "db"))
    assert (state.heads, state.count, state.problems) == (("b",), 2, ())


@pytest.mark.parametrize("archived", [("x", None), ("a", None), ("x", "gone")])
def test_an_archive_beside_the_files_of_a_new_history_is_ignored(tree, at, archived):
    files = {"alembic.ini": INI} | history(("a", None)) | history(archived, folder="db/versions/old")
    state = read_state(tree(files | {"db/versions/old/c.py": "<<<<<<<"}), at("alembic", "db"))
    assert (state.heads, state.count, state.problems) == (("a",), 1, ())


@pytest.mark.parametrize(
    ("left", "right", "is_problem"),
    [
        ("branch_labels = 'x'", "branch_labels = 'y'", False),
        ("branch_labels = 'x'", "", False),
        ("branch_labels = (cli.X,)", "branch_labels = (cli.Y,)", False),
        ("", "", True),
    ],
)
def test_heads_of_branches_with_labels_of_their_own_are_no_problem(tree, at, left, right, is_problem):
    files = history(("a", None), ("l2", "l1"), ("r2", "r1")) | {
        "db/versions/l1.py": revision("l1", "a", extra=left),
        "db/versions/r1.py": revision("r1", "a", extra=right),
    }
    state = read_state(tree(files), at("alembic", "db"))
    assert state.heads == ("l2", "r2")
    assert kinds(state) == ["several-heads"] * is_problem
    # A second head of one branch is a problem, whatever the others are called.
    forked = read_state(tree(files | history(("l3", "l1"))), at("alembic", "db"))
    assert kinds(forked) == ["several-heads"]


@pytest.mark.parametrize(
    "config",
    [
        {"alembic.ini": "[DEFAULT]\nroot = %(here)s\n[alembic]\nscript_location = %(root)s/db\n"},
        {"alembic.ini": "[alembic]\nscript_location = db\n"},
        {"conf/alembic.ini": "[alembic]\nscript_location = ../db\n"},
        {"conf/alembic.ini": "[alembic]\nscript_location = db\n"},
        {"pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/db"\n'},
        {"alembic.ini": "[other]\nscript_location = db\n"},
    ],
)
def test_a_configuration_leads_to_the_scripts(tree, at, config):
    files = tree(config | history(("a", None)))
    found = detect(files)
    assert [(loc.name, loc.tool, loc.path) for loc in found] == [("main", "alembic", "db")]
    (where,) = config
    assert read_state(files, at("alembic", where.rpartition("/")[0])).heads == ("a",)


def test_a_script_location_in_a_package_is_found(tree):
    files = {"alembic.ini": "[alembic]\nscript_location = shop.core:db\n"} | history(
        ("a", None), folder="src/shop/core/db/versions"
    )
    assert [location.path for location in detect(tree(files))] == ["src/shop/core/db"]


def test_the_folder_of_flask_migrate_is_found(tree, at):
    files = {
        "migrations/alembic.ini": "[alembic]\n[loggers]\nkeys = root\n",
        "migrations/env.py": "",
    } | history(("a", None), folder="migrations/versions")
    assert [location.path for location in detect(tree(files))] == ["migrations"]
    assert read_state(tree(files), at("alembic", "migrations")).heads == ("a",)


def test_a_configuration_that_leaves_the_repository_is_not_followed(tree):
    files = {"alembic.ini": "[alembic]\nscript_location = ../../etc\n", "etc/versions/a.py": revision("a")}
    assert detect(tree(files)) == ()


def test_tables_are_hinted_from_operations(tree, at):
    body = """op.create_table("orders", sa.Column("id", sa.Integer))
    op.create_index("ix", "customers", ["id"])
    op.create_foreign_key("fk", source_table="lines", referent_table=TABLE, local_cols=["x"], remote_cols=["y"])
    with op.batch_alter_table("batched") as batch_op:
        batch_op.drop_column("a_column")
    for name in ["x"]:
        op.execute(sa.text("UPDATE audit.log SET a = 1"))
    op.bulk_insert(sa.table("countries"), [])
    """
    files = {"db/versions/a.py": revision("a", body=body, extra='TABLE = "products"')}
    (migration,) = read_state(tree(files), at("alembic", "db")).migrations
    assert migration.touches == ("batched", "countries", "customers", "lines", "log", "orders", "products")


def test_a_downgrade_gives_no_hint_wherever_it_is(tree, at):
    downgrade = "def downgrade():\n    op.drop_table('gone')\n\n"
    text = downgrade + "revision = 'a'\n\ndef upgrade():\n    op.drop_table('here')\n"
    (migration,) = read_state(tree({"db/versions/a.py": text}), at("alembic", "db")).migrations
    assert migration.touches == ("here",)


@pytest.mark.parametrize("folder", ["tests/app", ".venv/lib/python3.11/site-packages/lib", "node_modules/x"])
def test_scripts_in_tests_and_vendored_code_are_not_found(tree, folder):
    files = {f"{folder}/alembic.ini": INI, f"{folder}/db/env.py": ""} | history(
        ("a", None), folder=f"{folder}/db/versions"
    )
    assert detect(tree(files)) == ()
