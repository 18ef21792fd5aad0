"""The Django reader: applications, dependencies and squashes."""

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import detect, read_state
from tests.migrations.states import kinds


def migration(*dependencies, replaces=(), operations="", extra=""):
    return f"""from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = {list(replaces)!r}
    dependencies = {list(dependencies)!r}{extra}
    operations = [{operations}]
"""


def chain(app, *names, folder=None):
    before = [None, *names]
    return {
        f"{folder or app}/migrations/{name}.py": migration(*([(app, parent)] if parent else []))
        for parent, name in zip(before, names, strict=False)
    }


def test_heads_are_those_of_each_application(tree, at):
    files = chain("shop", "0001_initial", "0002_more") | {
        "pay/migrations/__init__.py": "",
        "pay/migrations/0001_initial.py": migration(("shop", "0001_initial"), ("auth", "0012_x")),
    }
    state = read_state(tree(files), at("django", ""))
    assert state.heads == ("pay.0001_initial", "shop.0002_more")
    assert [m.id for m in state.migrations] == ["shop.0001_initial", "pay.0001_initial", "shop.0002_more"]
    assert state.migrations[1].parents == ("shop.0001_initial",)
    assert state.problems == ()


@pytest.mark.parametrize("path", [".", "src", "src/shop", "src/shop/migrations"])
def test_a_location_is_a_repository_a_project_an_application_or_its_migrations(tree, at, path):
    files = chain("shop", "0001_initial", folder="src/shop")
    assert read_state(tree(files), at("django", path)).heads == ("shop.0001_initial",)


def test_an_application_outside_of_a_location_is_not_part_of_it(tree, at):
    files = chain("shop", "0001_initial") | {
        "pay/migrations/0001_initial.py": migration(("shop", "0001_initial"))
    }
    state = read_state(tree(files), at("django", "pay"))
    assert state.heads == ("pay.0001_initial",)
    assert state.problems == ()


def test_a_squash_replaces_migrations_whose_files_still_exist(tree, at):
    files = chain("shop", "0001_a", "0002_b") | {
        "shop/migrations/0001_squashed_0002.py": migration(replaces=[("shop", "0001_a"), ("shop", "0002_b")]),
    }
    state = read_state(tree(files), at("django", "."))
    assert state.heads == ("shop.0001_squashed_0002",)
    assert {m.id for m in state.migrations} == {"shop.0001_a", "shop.0002_b", "shop.0001_squashed_0002"}
    assert {m.replaces for m in state.migrations} == {(), ("shop.0001_a", "shop.0002_b")}
    assert state.problems == ()


def test_a_dependency_on_a_replaced_migration_leads_to_its_squash(tree, at):
    files = {
        "shop/migrations/0001_squashed_0002.py": migration(replaces=[("shop", "0001_a"), ("shop", "0002_b")]),
        "shop/migrations/0003_c.py": migration(("shop", "0002_b")),
    }
    state = read_state(tree(files), at("django", "."))
    assert state.heads == ("shop.0003_c",)
    assert state.migrations[1].parents == ("shop.0001_squashed_0002",)
    assert state.problems == ()


def test_a_squash_with_newer_migrations_is_not_a_head(tree, at):
    files = chain("shop", "0001_a", "0002_b", "0003_c") | {
        "shop/migrations/0001_squashed_0002.py": migration(replaces=[("shop", "0001_a"), ("shop", "0002_b")]),
    }
    assert read_state(tree(files), at("django", ".")).heads == ("shop.0003_c",)


def test_two_heads_of_one_application_are_a_problem(tree, at):
    files = chain("shop", "0001_a", "0002_b") | {"shop/migrations/0002_c.py": migration(("shop", "0001_a"))}
    state = read_state(tree(files), at("django", "."))
    assert kinds(state) == ["several-heads"]
    assert state.heads == ("shop.0002_b", "shop.0002_c")


def test_a_missing_migration_of_a_known_application_is_a_problem(tree, at):
    state = read_state(tree({"shop/migrations/0002_b.py": migration(("shop", "0001_a"))}), at("django", "."))
    assert [(p.kind, p.path) for p in state.problems] == [("dangling-parent", "shop/migrations/0002_b.py")]


def test_swappable_and_relative_dependencies_are_tolerated(tree, at):
    swappable = (
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [\n"
        "        migrations.swappable_dependency(settings.AUTH_USER_MODEL),\n"
        "        ('shop', '__latest__'), ('shop', '__first__'), ('elsewhere', '__first__'),\n"
        "    ] + more()\n"
    )
    files = chain("shop", "0001_a", "0002_b") | {"pay/migrations/0001_x.py": swappable}
    state = read_state(tree(files), at("django", "."))
    assert state.problems == ()
    assert {m.id: m.parents for m in state.migrations}["pay.0001_x"] == ("shop.0001_a", "shop.0002_b")


def test_first_is_a_squash_while_a_migration_that_it_replaced_is_still_named(tree, at):
    """`shop.0000_x` has no file any more, but Django counts it as the first one; its squash stands for it."""
    files = {
        "pay/migrations/0002_x.py": migration(("shop", "0000_x"), ("shop", "__first__")),
        "shop/migrations/0001_x.py": migration(),
        "shop/migrations/0100_squashed.py": migration(extra="\n    replaces = [('shop', '0000_x')]"),
    }
    state = read_state(tree(files), at("django", "."))
    assert {m.id: m.parents for m in state.migrations}["pay.0002_x"] == ("shop.0100_squashed",)
    files["pay/migrations/0002_x.py"] = migration(("shop", "__first__"))
    state = read_state(tree(files), at("django", "."))
    assert {m.id: m.parents for m in state.migrations}["pay.0002_x"] == ("shop.0001_x",)


def test_run_before_is_an_edge_in_the_other_direction(tree, at):
    files = chain("shop", "0001_a") | {
        "pay/migrations/0001_x.py": migration(extra="\n    run_before = [('shop', '0001_a')]"),
    }
    state = read_state(tree(files), at("django", "."))
    assert [m.id for m in state.migrations] == ["pay.0001_x", "shop.0001_a"]
    assert state.heads == ("pay.0001_x", "shop.0001_a")


def test_the_label_of_an_application_configuration_wins_over_its_folder(tree, at):
    files = {
        "cms/users/apps.py": "class UsersConfig(AppConfig):\n    name = 'cms.users'\n    label = 'cmsusers'\n",
        "cms/users/migrations/0001_a.py": migration(),
        "cms/users/migrations/0002_b.py": migration(("cmsusers", "0001_a")),
    }
    state = read_state(tree(files), at("django", "."))
    assert state.heads == ("cmsusers.0002_b",)
    assert state.problems == ()


def test_two_applications_with_one_label_are_a_problem(tree, at):
    files = chain("shop", "0001_a", folder="one/shop") | chain("shop", "0001_a", folder="two/shop")
    assert kinds(read_state(tree(files), at("django", "."))) == ["duplicate-id"]


def test_tests_and_vendored_folders_are_left_out(tree, at):
    files = (
        chain("shop", "0001_a")
        | chain("x", "0001_a", folder="shop/tests/x")
        | chain("tests", "0001_a", folder="shop/tests")
        | chain("y", "0001_a", folder="node_modules/y")
        | chain("z", "0001_a", folder=".venv/lib/python3.11/site-packages/z")
        | chain("vendor", "0001_a")
    )
    assert read_state(tree(files), at("django", ".")).heads == ("shop.0001_a", "vendor.0001_a")


def test_a_folder_of_another_tool_is_not_an_application(tree, at):
    files = chain("shop", "0001_a") | {
        "other/migrations/env.py": "print 'py2'\n",
        "a/migrations/b.py": "X = 1",
    }
    state = read_state(tree(files), at("django", "."))
    assert state.count == 1
    assert state.problems == ()


def test_a_module_without_the_class_among_migrations_is_a_problem(tree, at):
    files = chain("shop", "0001_a") | {
        "shop/migrations/shared.py": "X = 1",
        "shop/migrations/_private.py": "X = 1",
    }
    state = read_state(tree(files), at("django", "."))
    assert [(p.kind, p.path) for p in state.problems] == [("unreadable-file", "shop/migrations/shared.py")]


def test_a_file_of_python_two_is_read(tree, at):
    old = (
        "# -*- coding: utf-8 -*-\nfrom django.db import models, migrations\n"
        "def forwards(apps, schema_editor):\n    print u'moving'\n\n"
        "class Migration(migrations.Migration):\n\n"
        "    dependencies = [\n        (u'shop', '0001_a'),  # [comment (\n    ]\n\n"
        "    operations = [migrations.AddField('order', 'x', models.IntegerField())]\n"
    )
    state = read_state(tree(chain("shop", "0001_a") | {"shop/migrations/0002_b.py": old}), at("django", "."))
    assert state.heads == ("shop.0002_b",)
    assert state.migrations[1].touches == ("shop_order",)


@pytest.mark.parametrize(
    "text",
    [
        "class Migration(migrations.Migration):\n    dependencies = [('a', '0001_a'\n",
        "class Migration(migrations.Migration):\n    dependencies = find()\n",
        "class Migration(x):\n<<<<<<< ours\n    dependencies = []\n=======\n>>>>>>> theirs\n",
    ],
)
def test_computed_dependencies_are_an_error_that_names_the_file(tree, at, text):
    with pytest.raises(MigrationsError, match="cannot be understood") as caught:
        read_state(tree(chain("a", "0001_a") | {"a/migrations/0002_b.py": text}), at("django", "."))
    assert caught.value.where.startswith("a/migrations/0002_b.py, line 2")


@pytest.mark.parametrize("path", ["nowhere", "docs", "."])
def test_a_folder_without_migrations_is_an_error(tree, at, path):
    with pytest.raises(MigrationsError, match=r"migration"):
        read_state(tree({"docs/a.py": "", "shop/migrations/__init__.py": ""}), at("django", path))


def test_squashes_that_replace_each_other_are_read(tree, at):
    files = {
        "a/migrations/0001_x.py": migration(replaces=[("a", "0002_y")]),
        "a/migrations/0002_y.py": migration(replaces=[("a", "0001_x")]),
        "a/migrations/0003_z.py": migration(("a", "0002_y")),
    }
    assert "a.0003_z" in read_state(tree(files), at("django", ".")).heads


def test_tables_are_hinted_by_model_and_db_table(tree, at):
    operations = """
        migrations.CreateModel(name="Order", fields=[("id", models.AutoField())], options={"db_table": "orders"}),
        migrations.CreateModel("LineItem", []),
        migrations.RunSQL("ALTER TABLE public.stock ADD x int", "DROP TABLE reverse_only"),
        migrations.SeparateDatabaseAndState(database_operations=[migrations.DeleteModel("Old")]),
    """
    later = 'migrations.AddField(model_name="order", name="x", field=models.TextField())'
    files = {
        "shop/migrations/0001_a.py": migration(operations=operations),
        "shop/migrations/0002_b.py": migration(("shop", "0001_a"), operations=later),
    }
    first, second = read_state(tree(files), at("django", ".")).migrations
    assert first.touches == ("orders", "shop_lineitem", "shop_old", "stock")
    assert second.touches == ("orders",)


def test_a_project_is_found_by_manage_py(tree):
    files = {"backend/manage.py": "", "docs/x.py": ""} | chain("shop", "0001_a", folder="backend/apps/shop")
    assert [(loc.name, loc.path) for loc in detect(tree(files))] == [("main", "backend")]


def test_two_projects_are_two_locations_with_different_names(tree):
    files = (
        {"billing/manage.py": "", "store/manage.py": ""}
        | chain("a", "0001_a", folder="billing/a")
        | chain("b", "0001_a", folder="store/b")
    )
    assert [(loc.name, loc.path) for loc in detect(tree(files))] == [
        ("billing", "billing"),
        ("store", "store"),
    ]


def test_applications_without_a_project_are_found_by_their_common_folder(tree):
    files = chain("a", "0001_a", folder="src/a") | chain("b", "0001_a", folder="src/b")
    assert [loc.path for loc in detect(tree(files))] == ["src"]


def test_an_application_or_its_folder_may_be_called_spec(tree, at):
    text = "class Migration(migrations.Migration):\n    dependencies = []\n"
    files = {
        "manage.py": "",
        "spec/migrations/0001_initial.py": text,
        "testing/lab/migrations/0001_initial.py": text,
        "shop/tests/migrations/0001_initial.py": text,
        "test/app/migrations/0001_initial.py": text,
        "vendor/lib/migrations/0001_initial.py": text,
        "vendor/migrations/0001_initial.py": text,
        "e2e/migrations/0001_initial.py": text,
    }
    state = read_state(tree(files), at("django", "."))
    assert state.heads == ("lab.0001_initial", "spec.0001_initial", "vendor.0001_initial")
    assert [(one.tool, one.path) for one in detect(tree(files))] == [("django", ".")]
