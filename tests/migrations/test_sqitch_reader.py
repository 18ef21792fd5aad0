"""The Sqitch reader: plans, tags, reworked changes and configuration."""

import time

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import detect, read_state
from tests.migrations.states import find, ids, problems

WHO = "2024-01-01T00:00:00Z Mira Lind <mira@lumen.example>"


def plan(*lines, project="shop"):
    """Return a plan; a line is a name, with dependencies or an `@`."""
    return f"%syntax-version=1.0.0\n%project={project}\n\n" + "".join(f"{line} {WHO}\n" for line in lines)


def project(*lines, scripts=(), folder=""):
    names = scripts or [line.split()[0] for line in lines if not line.startswith("@")]
    prefix = f"{folder}/" if folder else ""
    return {f"{prefix}sqitch.plan": plan(*lines)} | {
        f"{prefix}deploy/{name}.sql": f"-- {name}\ncreate table t (x int);" for name in names
    }


def test_a_realistic_project_is_found_and_read_in_the_order_of_its_plan(case_tree):
    (found,) = detect(case_tree("sqitch"))
    assert (found.tool, found.path) == ("sqitch", "database")
    state = read_state(case_tree("sqitch"), found)
    assert [(m.id, m.name, m.touches) for m in state.migrations] == [
        ("customers", "The people who buy", ("customers",)),
        ("orders", "Orders [of] customers", ("orders",)),
        ("views/open_orders@v1.0.0", "What is still open", ()),
        ("returns", "Returned goods", ("returns",)),
        ("views/open_orders", "With returns", ("orders",)),
        ("loyalty", "Points #1", ("loyalty_points",)),
    ]
    assert state.heads == ("loyalty",)
    assert state.migrations[3].parents == ("views/open_orders@v1.0.0", "orders")
    assert state.migrations[5].parents == (
        "views/open_orders",
        "views/open_orders@v1.0.0",
        "returns",
        "customers",
    )
    assert state.problems == ()


def test_a_reworked_change_keeps_its_name_and_earlier_ones_get_a_tag(tree, at):
    files = project("a", "@v1", "a", "b", "@v2", "@v2b", "a", scripts=["a", "a@v1", "a@v2b", "b"])
    state = read_state(tree(files), at("sqitch", "."))
    assert ids(state) == ["a@v1", "a@v2b", "b", "a"]
    assert state.problems == ()
    files.pop("deploy/a@v2b.sql")
    state = read_state(tree(files), at("sqitch", "."))
    assert ids(state) == ["a@v1", "a@v2", "b", "a"]
    assert problems(state) == [("unreadable-file", "sqitch.plan")]
    assert "deploy/a@v2.sql" in state.problems[0].message


def test_an_earlier_change_is_named_by_the_newest_tag_that_has_a_script(tree, at):
    lines = ("a", "@v1", "b", "@v2", "a")
    both = project(*lines, scripts=["a", "a@v1", "a@v2", "b"])
    assert ids(read_state(tree(both), at("sqitch", "."))) == ["a@v2", "b", "a"]
    older = project(*lines, scripts=["a", "a@v1", "b"])
    assert ids(read_state(tree(older), at("sqitch", "."))) == ["a@v1", "b", "a"]


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ("deploy_dir = up", "deploy"),
        ("reworked_dir = old", "old/deploy"),
        ("reworked_dir = old\nreworked_deploy_dir = older", "older"),
    ],
)
def test_scripts_of_reworked_changes_may_have_their_own_folder(tree, at, settings, folder):
    up = "up" if "deploy_dir = up" in settings else "deploy"
    files = {
        "sqitch.conf": f"[core]\n{settings}\n",
        "sqitch.plan": plan("a", "@v1", "a"),
        f"{folder}/a@v1.sql": "create table old (x int)",
        f"{up}/a.sql": "create table new (x int)",
    }
    state = read_state(tree(files), at("sqitch", "."))
    assert [(m.id, m.touches) for m in state.migrations] == [("a@v1", ("old",)), ("a", ("new",))]
    assert state.problems == ()


@pytest.mark.parametrize(
    "choice",
    ["engine = sqlite", "target = eu", "target = db:sqlite:x.db", 'engine = pg\n[engine "pg"]\ntarget=eu'],
)
def test_the_configured_engine_determines_the_script_folder(tree, at, choice):
    files = {
        "sqitch.conf": f'[core]\n{choice}\n[engine "sqlite"]\ndeploy_dir = lite\n[target "eu"]\nuri = db:sqlite:x\n',
        "sqitch.plan": plan("a"),
        "deploy/a.sql": "create table core (x int)",
        "lite/a.sql": "create table lite (x int)",
    }
    assert read_state(tree(files), at("sqitch", ".")).migrations[0].touches == ("lite",)


def test_a_change_that_appears_twice_without_a_tag_in_between_is_a_problem(tree, at):
    state = read_state(tree(project("a", "@v1", "b", "b")), at("sqitch", "."))
    assert ids(state) == ["a", "b"]
    assert problems(state) == [("duplicate-id", "sqitch.plan")]
    assert "line 7" in state.problems[0].message


def test_a_missing_script_is_a_problem_and_the_change_counts(tree, at):
    state = read_state(tree(project("a", "b", scripts=["a"])), at("sqitch", "."))
    assert ids(state) == ["a", "b"]
    assert problems(state) == [("unreadable-file", "sqitch.plan")]
    assert "line 5" in state.problems[0].message


@pytest.mark.parametrize("reference", ["gone", "b", "a@v9", "@v9", "c", "@HEAD"])
def test_a_dependency_that_is_not_before_it_is_a_dangling_parent(tree, at, reference):
    state = read_state(tree(project("a", f"b [{reference}]", "c", "@v1")), at("sqitch", "."))
    assert problems(state) == [("dangling-parent", "sqitch.plan")]


@pytest.mark.parametrize(
    ("reference", "parents"),
    [
        ("a", ("c", "a")),
        ("a@v1", ("c", "a@v1")),
        ("@v1", ("c", "a@v1")),
        ("shop:a", ("c", "a")),
        ("!a", ("c",)),
        ("other:thing", ("c",)),
        ("!other:thing@v1", ("c",)),
        ("f" * 40, ("c",)),
    ],
)
def test_dependencies_are_resolved_as_of_their_tag(tree, at, reference, parents):
    files = project("a", "@v1", "a", "c", f"d [{reference}]", scripts=["a", "a@v1", "c", "d"])
    state = read_state(tree(files), at("sqitch", "."))
    assert state.migrations[-1].parents == parents
    assert state.problems == ()


def test_only_the_deploy_script_counts_for_the_digest(tree, at):
    files = project("a")

    def digest(more):
        return read_state(tree(files | more), at("sqitch", ".")).digest

    assert digest({}) == digest({"revert/a.sql": "x", "verify/a.sql": "y"})
    assert digest({}) == digest({"sqitch.plan": files["sqitch.plan"] + "\n# a comment\n"})
    assert digest({}) != digest({"deploy/a.sql": "x"})


def test_configuration_names_top_folder_plan_scripts_and_extension(tree, at):
    files = {
        "db/sqitch.conf": '[core]\n\tengine = pg\n\ttop_dir = "pg" ; there\n\textension = ddl\n'
        '[engine "sqlite"]\n\tplan_file = lite/lite.plan\n\tdeploy_dir = lite/up\n'
        '[target "eu"]\n\turi = db:sqlite:eu.db\n\tdeploy_dir = ../../../outside\n',
        "db/pg/sqitch.plan": plan("a"),
        "db/pg/deploy/a.ddl": "create table a (x int)",
        "db/lite/lite.plan": plan("b"),
        "db/lite/up/b.ddl": "create table b (x int)",
    }
    found = find("sqitch", tree(files))
    assert [loc.path for loc in found] == ["db/lite/lite.plan", "db/pg"]
    assert [[m.touches for m in read_state(tree(files), loc).migrations] for loc in found] == [
        [("b",)],
        [("a",)],
    ]
    with pytest.raises(MigrationsError, match="2 plans"):
        read_state(tree(files), at("sqitch", "db"))


def test_a_target_inherits_settings_from_its_engine(tree, at):
    files = {
        "sqitch.conf": '[engine "pg"]\n\tplan_file = lite/lite.plan\n'
        '[target "eu"]\n\turi = db:pg:eu\n\tdeploy_dir = eu/up\n',
        "lite/lite.plan": plan("a"),
        "eu/up/a.sql": "create table a (x int)",
    }
    state = read_state(tree(files), at("sqitch", "."))
    assert [m.touches for m in state.migrations] == [("a",)]
    assert state.problems == ()


@pytest.mark.parametrize("path", [".", "sqitch.conf", "database", "database/sqitch.plan"])
def test_a_location_may_be_the_plan_its_folder_or_that_of_the_configuration(tree, at, path):
    files = {"sqitch.conf": "[core]\ntop_dir=database\n"} | project("a", folder="database")
    state = read_state(tree(files), at("sqitch", path))
    assert ids(state) == ["a"]
    assert state.problems == ()


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (plan("a") + "b\n", 5, "has no time"),
        (plan("a") + "b 2024-01-01T00:00:00Z\n", 5, "has no time"),
        (plan("a") + "b [a 2024\n", 5, "neither a change nor a tag"),
        (plan("a", "-b-"), 5, "does not allow"),
        (plan("a", "b~2"), 5, "does not allow"),
        (plan("a b"), 4, "neither|no time"),
        (plan("HEAD"), 4, "does not allow"),
        (plan("f" * 40), 4, "does not allow"),
        (plan("a", "@v1 [a]"), 5, "dependencies"),
        (plan("a") + "%late=pragma\n", 5, "neither|not allow"),
        (plan("a").replace("\n\n", "\n", 1), 3, "blank line"),
        (plan("a", "b []"), 5, "has no time"),
        (plan("@v1"), 4, "no change before"),
        (plan("a", "@v1", "@v1"), 6, "appears twice"),
        (plan("a", "b [a:b:c]"), 5, "not a valid dependency"),
        (plan("a", "b [@]"), 5, "not a valid dependency"),
        (plan("a").replace("%project=shop\n", ""), 1, "%project"),
        (plan("a") + "<<<<<<< HEAD\n", 5, "merge conflict"),
        (plan("a", "b [a a]"), 5, "the dependency 'a' appears twice"),
        (plan("../../etc/passwd"), 4, "does not allow"),
        (plan("x/../../../../etc/passwd"), 4, "outside"),
        ("", 1, "%project"),
    ],
)
def test_a_plan_that_cannot_be_understood_is_an_error_that_names_file_and_line(tree, at, text, line, why):
    with pytest.raises(MigrationsError, match=why) as caught:
        read_state(tree({"db/sqitch.plan": text}), at("sqitch", "db"))
    assert caught.value.where == f"db/sqitch.plan, line {line}"


@pytest.mark.parametrize("path", ["db", "nowhere", "."])
def test_no_plan_or_an_empty_one_is_an_error(tree, at, path):
    with pytest.raises(MigrationsError, match=r"no sqitch migrations|no migration folder"):
        read_state(tree({"db/sqitch.plan": plan(), "x": ""}), at("sqitch", path))


def test_ten_thousand_reworks_of_one_change_take_little_time(tree, at):
    lines = [line for n in range(5_000) for line in ("a", f"@v{n}")]
    lines += [f"c{n} [c{n - 1} a@v{n}]" if n else "c0" for n in range(5_000)]
    state = read_state(tree(project(*lines)), at("sqitch", "."))
    assert state.count == 10_000
    assert state.heads == ("c4999",)


@pytest.mark.parametrize(
    "line", ["a" * 200_000, "a" + " " * 200_000 + "b", "a [" + "b " * 100_000, "a" + " x" * 100_000 + "<"]
)
def test_every_line_of_a_plan_takes_little_time(tree, at, line):
    start = time.process_time()
    with pytest.raises(MigrationsError, match="line 5"):
        read_state(tree({"sqitch.plan": plan("a") + line}), at("sqitch", "."))
    assert time.process_time() - start < 2


def test_the_first_change_cannot_require_a_later_tag(tree, at):
    state = read_state(tree(project("a [@v1]", "@v1", "b")), at("sqitch", "."))
    assert ids(state) == ["a", "b"]
    assert state.migrations[0].parents == ("@v1",)
    assert problems(state) == [("dangling-parent", "sqitch.plan")]
