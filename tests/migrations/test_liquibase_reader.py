"""The Liquibase reader: changelogs in four formats, includes, and hostile files."""

import time
from contextlib import suppress

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import detect, read_state
from tests.migrations.states import ids, kinds
from tests.series import trials

SHOP = [
    ("shop/tables.xml::1::mira", "Customers and their orders", ("customers", "orders")),
    ("shop/tables.xml::1::jo", "1", ("regions",)),
    ("moved/away.xml::2::jo", "2", ("customers",)),
    ("db/changelog/legacy/loyalty.sql::points v1::Jo Berg", "points v1", ("loyalty_points",)),
    ("loyalty/tiers.sql::tiers:2::mira", "Tiers", ("loyalty_points",)),
    ("db/changelog/shop.yaml::1.1::mira", "A number as an id, which YAML shortens", ("orders",)),
    ("db/changelog/releases/2.0/B.json::b::jo", "b", ("returns",)),
    (
        "db/changelog/releases/2.0/nested/refunds.yaml::refunds::${team}",
        "refunds",
        ("paybacks", "refunds"),
    ),
    ("db/changelog/releases/2.0/a.json::a::jo", "a", ("returns",)),
    ("db/changelog/releases/z.json::z::jo", "z", ("returns",)),
    ("db/changelog/2023/rules.yml::true::mira", "true", ("rules",)),
]
"""The output of Liquibase 4.28 for tests/cases/migrations/liquibase, without the view that runs on change."""


def xml(*inner, **attributes):
    xml_attributes = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<databaseChangeLog{xml_attributes}>\n" + "\n".join(inner) + "\n</databaseChangeLog>\n"


def change(id_, author="a", body="<sql>select 1</sql>", **attributes):
    xml_attributes = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<changeSet id="{id_}" author="{author}"{xml_attributes}>{body}</changeSet>'


def test_formats_nested_includes_and_logical_paths_are_read_as_in_liquibase(case_tree, at):
    state = read_state(case_tree("liquibase"), at("liquibase", "src/main/resources/db/changelog"))
    assert [(m.id, m.name, m.touches) for m in state.migrations] == SHOP
    assert state.heads == ("db/changelog/2023/rules.yml::true::mira",)
    assert state.problems == ()
    assert state.migrations[1].parents == (SHOP[0][0],)


def test_the_master_that_spring_names_is_found_and_the_one_of_the_tests_is_not(case_tree):
    found = detect(case_tree("liquibase"))
    assert [(loc.tool, loc.path) for loc in found] == [("liquibase", "src/main/resources/db/changelog")]
    assert read_state(case_tree("liquibase"), found[0]).count == len(SHOP)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("liquibase.properties", "# changeLogFile=old.xml\nchangeLogFile: db/all.xml\n"),
        ("liquibase.properties", "liquibase.command.changelogFile=all.xml\nsearchPath=db\n"),
        ("db/liquibase.docker.properties", "changelog-file = all.xml\n"),
        ("application.properties", "quarkus.liquibase.change-log=db/all.xml\n"),
        (
            "application-prod.yml",
            "spring:\n  liquibase:\n    change-log: 'classpath:/db/all.xml'\n---\nother: 1\n",
        ),
        ("pom.xml", "<project><changeLogFile>db/all.xml</changeLogFile></project>"),
        ("pom.xml", "<project><changeLogFile>${basedir}/db/all.xml</changeLogFile></project>"),
        ("build.gradle", "activities { main { changelogFile 'db/all.xml' } }"),
    ],
)
def test_configuration_names_the_master(tree, path, text):
    files = {path: text, "db/all.xml": xml(change(1)), "db/other.xml": xml(change(1))}
    found = detect(tree(files))
    assert [(loc.tool, loc.path) for loc in found] == [("liquibase", "db")]
    seen = "all.xml" if "searchPath" in text or path.startswith("db/") else "db/all.xml"
    assert ids(read_state(tree(files), found[0])) == [f"{seen}::1::a"]


@pytest.mark.parametrize(
    "name",
    [
        "db.changelog-master.xml",
        "jpa-changelog-master.xml",
        "changeLogMaster.xml",
        "liquibase-changeLog.xml",
        "changelog.xml",
        "changelog-root.xml",
        "master-changelog.xml",
        "main.xml",
    ],
)
def test_the_master_is_found_by_its_file_name_if_nothing_names_it(tree, name):
    files = {f"src/main/resources/changelog/{name}": xml(change(1))}
    (found,) = detect(tree(files))
    assert found.path == "src/main/resources/changelog"
    assert ids(read_state(tree(files), found)) == [f"changelog/{name}::1::a"]


def test_a_changelog_that_another_one_includes_is_not_a_master(tree):
    files = {
        "db/changelog-master.xml": xml('<include file="v1/changelog-master.xml"/>'),
        "db/v1/changelog-master.xml": xml(change(1)),
    }
    assert [loc.path for loc in detect(tree(files))] == ["db"]


def test_two_masters_in_one_folder_are_two_locations_and_the_folder_alone_is_an_error(tree, at):
    files = {
        "db/orders-changelog-master.xml": xml(change(1)),
        "db/users-changelog-master.xml": xml(change(2)),
    }
    assert [loc.path for loc in detect(tree(files))] == sorted(files)
    with pytest.raises(MigrationsError, match="2 master changelogs") as caught:
        read_state(tree(files), at("liquibase", "db"))
    assert caught.value.where == "db"


@pytest.mark.parametrize("path", ["shop/db", "shop/db/all.xml", "."])
def test_the_nearest_configuration_determines_the_search_path(tree, at, path):
    files = {
        "liquibase.properties": "changeLogFile=shop/db/all.xml",
        "shop/liquibase.properties": "changeLogFile=db/all.xml",
        "shop/db/all.xml": xml(change(1)),
    }
    assert ids(read_state(tree(files), at("liquibase", path))) == ["db/all.xml::1::a"]


def test_the_configured_master_takes_precedence_even_if_it_cannot_be_read(tree, at):
    files = {
        "liquibase.properties": "changeLogFile=db/all.xml",
        "db/all.xml": xml('<include file="db/changelog.xml"/>') + "<",
        "db/changelog.xml": xml(change(1)),
    }
    with pytest.raises(MigrationsError, match="not XML") as caught:
        read_state(tree(files), at("liquibase", "db"))
    assert caught.value.where == "db/all.xml, line 4"


def test_the_only_changelog_that_no_other_includes_is_the_master_of_a_named_folder(tree, at):
    files = {
        "db/everything.xml": xml('<include file="part.xml" relativeToChangelogFile="true"/>'),
        "db/part.xml": xml(change(1)),
        "db/notes.xml": "<notes/>",
    }
    assert ids(read_state(tree(files), at("liquibase", "db"))) == ["db/part.xml::1::a"]


def test_paths_are_relative_to_the_search_path_or_to_the_changelog(tree, at):
    files = {
        "shop/src/main/resources/db/changelog-master.xml": xml(
            '<include file="db/a.xml"/>',
            '<include file="classpath:/db/b.xml"/>',
            '<include file=".\\sub\\c.xml" relativeToChangelogFile="true"/>',
            '<include file="../other/d.xml" relativeToChangelogFile="true"/>',
        ),
        "shop/src/main/resources/db/a.xml": xml(change(1)),
        "shop/src/main/resources/db/b.xml": xml(change(1)),
        "shop/src/main/resources/db/sub/c.xml": xml(change(1)),
        "shop/src/main/resources/other/d.xml": xml(change(1)),
    }
    state = read_state(tree(files), at("liquibase", "shop"))
    assert ids(state) == ["db/a.xml::1::a", "db/b.xml::1::a", "db/sub/c.xml::1::a", "other/d.xml::1::a"]


def test_include_all_sorts_paths_as_java_does_and_keeps_to_its_depth(tree, at):
    names = ["b.xml", "B.xml", "a/z.xml", "a/deep/y.xml", "10.xml", "9.xml", "_.xml", "notes.txt"]
    files = {f"all/{name}": xml(change(1)) for name in names}

    def read(attributes):
        master = xml(f'<includeAll path="all/" {attributes}/>')
        found = ids(read_state(tree({**files, "changelog.xml": master}), at("liquibase", ".")))
        return [id_.removeprefix("all/").removesuffix(".xml::1::a") for id_ in found]

    assert read("") == ["10", "9", "B", "_", "a/deep/y", "a/z", "b"]
    assert read('maxDepth="1"') == ["10", "9", "B", "_", "b"]
    assert read('minDepth="2" maxDepth="2"') == ["a/z"]
    assert read('endsWithFilter="z.xml"') == ["a/z"]


def test_an_sql_file_without_header_is_one_change_set(tree, at):
    files = {
        "changelog.xml": xml('<includeAll path="all"/>'),
        "all/1.sql": "create table a (x int);",
        "all/2.sql": "",
    }
    state = read_state(tree(files), at("liquibase", "."))
    assert [(m.id, m.touches) for m in state.migrations] == [("all/1.sql::raw::includeAll", ("a",))]


def test_a_missing_include_is_an_error_that_names_file_and_line(tree, at):
    files = {"db/changelog.xml": xml("<!-- -->", '<include file="gone.xml"/>')}
    with pytest.raises(MigrationsError, match=r"gone\.xml") as caught:
        read_state(tree(files), at("liquibase", "db"))
    assert caught.value.where == "db/changelog.xml, line 3"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        (
            "c.yaml",
            "databaseChangeLog:\n- property: {name: a, value: b}\n- include:\n    file: gone.xml\n",
            4,
        ),
        ("c.json", '{"databaseChangeLog": [\n\n{"include": {"file": "gone.xml"}}]}', 3),
        ("c.yaml", "databaseChangeLog:\n- includeAll:\n    path: gone\n", 3),
    ],
)
def test_a_missing_include_is_located_in_every_format(tree, at, name, text, line):
    with pytest.raises(MigrationsError) as caught:
        read_state(tree({f"db/{name}": text}), at("liquibase", f"db/{name}"))
    assert caught.value.where == f"db/{name}, line {line}"


def test_an_include_that_may_be_missing_is_left_out(tree, at):
    files = {
        "changelog.xml": xml(
            '<include file="gone.xml" errorIfMissing="false"/>',
            '<includeAll path="gone" errorIfMissingOrEmpty="false"/>',
            change(1),
        )
    }
    state = read_state(tree(files), at("liquibase", "."))
    assert ids(state) == ["changelog.xml::1::a"]
    assert state.problems == ()


@pytest.mark.parametrize(
    "path", ["../../../etc/passwd", "/etc/passwd", "..\\..\\secret.xml", "a/../../x.xml"]
)
@pytest.mark.parametrize("relative", ["true", "false"])
def test_an_include_never_leaves_the_repository(tree, at, path, relative):
    files = {"db/changelog.xml": xml(f'<include file="{path}" relativeToChangelogFile="{relative}"/>')}
    with pytest.raises(MigrationsError, match="not in abc1234"):
        read_state(tree(files), at("liquibase", "db"))


def test_includes_in_a_cycle_are_reported_and_read_once(tree, at):
    files = {
        "changelog.xml": xml(change(1), '<include file="b.xml"/>'),
        "b.xml": xml(change(2), '<include file="changelog.xml"/>', change(3)),
    }
    state = read_state(tree(files), at("liquibase", "changelog.xml"))
    assert ids(state) == ["changelog.xml::1::a", "b.xml::2::a", "b.xml::3::a"]
    assert [(p.kind, p.path) for p in state.problems] == [("cycle", "b.xml")]
    assert "line 3" in state.problems[0].message


def test_files_that_include_each_other_twice_each_do_not_multiply(tree, at):
    files = {
        f"{n}.xml": xml(f'<include file="{n + 1}.xml"/>', f'<include file="{n + 1}.xml"/>')
        for n in range(200)
    }
    files |= {"200.xml": xml(change(1)), "changelog.xml": xml('<include file="0.xml"/>')}
    state = read_state(tree(files), at("liquibase", "."))
    assert ids(state) == ["200.xml::1::a"]
    assert kinds(state) == ["duplicate-id"] * 200


def test_an_id_that_is_used_twice_is_a_problem(tree, at):
    files = {"changelog.xml": xml(change(1), change(1, "b"), change(1))}
    state = read_state(tree(files), at("liquibase", "."))
    assert kinds(state) == ["duplicate-id"]
    assert "changelog.xml::1::a" in state.problems[0].message


@pytest.mark.parametrize(
    ("left", "right", "is_problem"),
    [
        ({"dbms": "mysql"}, {"dbms": "postgresql"}, False),
        ({"context": "mysql"}, {"context": "postgresql"}, False),
        ({"labels": "a"}, {"labels": "a"}, True),
        ({"dbms": "mysql"}, {}, True),
        ({}, {}, True),
    ],
)
@pytest.mark.parametrize("is_sql", [False, True])
def test_an_id_may_be_used_again_for_another_database_or_context(tree, at, left, right, is_problem, is_sql):
    name, sides = "db/master.xml", (left, right)
    text = xml(*(change(1, body=f"<dropTable tableName='t{n}'/>", **side) for n, side in enumerate(sides)))
    if is_sql:
        words = [" ".join(f"{key}:{value}" for key, value in side.items()) for side in sides]
        name = "db/master.sql"
        text = "--liquibase formatted sql\n" + "".join(
            f"--changeset a:1 {word}\nDROP TABLE t{n};\n" for n, word in enumerate(words)
        )
    state = read_state(tree({name: text}), at("liquibase", name))
    assert kinds(state) == ["duplicate-id"] * is_problem
    assert ids(state) == [f"{name}::1::a"] * (2 if is_problem else 1)
    if not is_problem:
        assert state.migrations[0].touches == ("t0", "t1")
        edited = read_state(tree({name: text.replace("t1", "t2")}), at("liquibase", name))
        assert edited.digest != state.digest


def test_change_sets_that_run_again_count_only_for_the_digest(tree, at):
    def read(body, flag):
        files = {"changelog.xml": xml(change(1), change("view", body=body, **{flag: "true"}))}
        return read_state(tree(files), at("liquibase", "."))

    for flag in ("runOnChange", "runAlways"):
        old, new = read("<sql>old</sql>", flag), read("<sql>new</sql>", flag)
        assert ids(old) == ["changelog.xml::1::a"]
        assert old.digest != new.digest
    files = {"changelog.xml": xml(change("view", runOnChange="true"))}
    assert ids(read_state(tree(files), at("liquibase", "."))) == ["changelog.xml::view::a"]


def test_properties_are_replaced_unless_they_depend_on_the_database(tree, at):
    files = {
        "changelog.xml": xml(
            '<property name="dir" value="first"/>',
            '<property name="dir" value="second"/>',
            '<property name="type" value="oracle" dbms="oracle"/>',
            '<property name="type" value="h2" dbms="h2"/>',
            '<include file="${dir}/a.xml"/>',
            '<include file="${type}/a.xml"/>',
            '<include file="${never}.xml"/>',
        ),
        "first/a.xml": xml(change("${dir}-1")),
    }
    state = read_state(tree(files), at("liquibase", "."))
    assert ids(state) == ["first/a.xml::first-1::a"]
    assert [(p.kind, p.path) for p in state.problems] == [("unreadable-file", "changelog.xml")] * 2
    assert "line 7" in state.problems[0].message


def test_properties_may_come_from_files_and_local_ones_stay_in_their_changelog(tree, at):
    files = {
        "changelog.xml": xml(
            '<property file="my.properties"/>',
            '<property file="sub/other.properties" relativeToChangelogFile="true" global="false"/>',
            '<property file="gone.properties" errorIfMissing="false"/>',
            change("${a}-${d}", "${b.c}"),
            '<include file="sub/s.sql"/>',
        ),
        "my.properties": "a=1\nb.c = two words\n#x=y\n",
        "sub/other.properties": "a=9\nd:4\n",
        "sub/s.sql": "--liquibase formatted sql\n--property name:z value:zz\n"
        "--changeset ${b.c}:${d}\nselect 1;\n--changeset ${z}:x\nselect 2;\n",
    }
    # As in Liquibase 4.28.
    assert ids(read_state(tree(files), at("liquibase", "."))) == [
        "changelog.xml::1-4::two words",
        "sub/s.sql::${d}::two words",
        "sub/s.sql::x::zz",
    ]
    del files["my.properties"]
    with pytest.raises(MigrationsError, match=r"my\.properties") as caught:
        read_state(tree(files), at("liquibase", "."))
    assert caught.value.where == "changelog.xml, line 2"


def test_an_encoding_that_an_xml_file_declares_does_not_matter_for_a_text(tree, at):
    text = "<?xml version='1.0' encoding='ISO-8859-1'?>" + xml(change(1, "müller"))
    assert ids(read_state(tree({"changelog.xml": text}), at("liquibase", "."))) == [
        "changelog.xml::1::müller"
    ]


def test_the_digest_depends_on_change_sets_and_their_scripts_but_not_on_formatting(tree, at):
    def digest(master, script="insert into a values (1)"):
        files = {"changelog.xml": master, "seed.sql": script}
        return read_state(tree(files), at("liquibase", ".")).digest

    run = change(1, body='<sqlFile path="seed.sql"/>')
    plain = digest(xml(run))
    assert digest(xml("<!-- a note -->", run.replace("><", ">\n    <"))) == plain
    assert digest(xml(run.replace('id="1" author="a"', "author='a' id='1'"))) == plain
    assert digest(xml(run), "insert into a values (2)") != plain
    assert digest(xml(run.replace("<sqlFile", '<sqlFile splitStatements="false"'))) != plain


def test_a_missing_script_of_a_change_set_is_a_problem(tree, at):
    files = {"changelog.xml": xml(change(1, body='<sqlFile path="gone.sql"/>'))}
    state = read_state(tree(files), at("liquibase", "."))
    assert [(p.kind, p.path) for p in state.problems] == [("unreadable-file", "changelog.xml")]


@pytest.mark.parametrize(
    ("name", "text", "line", "why"),
    [
        ("c.xml", "<databaseChangeLog>\n<changeSet>", 2, "not XML"),
        ("c.xml", xml('<changeSet id="1"/>'), 2, "no author"),
        ("c.xml", xml('<changeSet author="1"/>'), 2, "no id"),
        ("c.xml", xml("<include/>"), 2, "has no file"),
        ("c.xml", xml('<includeAll path="x" maxDepth="all"/>'), 2, "maxDepth"),
        ("c.xml", "<project/>", 1, "starts with 'project'"),
        ("c.yaml", "databaseChangeLog:\n- changeSet:\n    author: a\n", 3, "no id"),
        ("c.yaml", "databaseChangeLog:\n- changeSet: {id: 1}}\n- x", 2, "not YAML"),
        ("c.yaml", "other: 1\n", 1, "no databaseChangeLog"),
        ("c.yaml", "", 1, "no databaseChangeLog"),
        ("c.json", '{"databaseChangeLog": [\n}', 2, "not JSON"),
        ("c.json", "[1]", 1, "no databaseChangeLog"),
        ("c.json", '{"databaseChangeLog": [\n<<<<<<< HEAD\n', 2, "merge conflict"),
        ("c.xml", xml("<<<<<<< HEAD", change(1)), 2, "merge conflict"),
        ("c.sql", "--liquibase formatted sql\n--changeset a:1\n>>>>>>> branch\n", 3, "merge conflict"),
        ("c.sql", "--liquibase formatted sql\n--changeset only-a-name\nselect 1;", 2, "author:id"),
        ("c.sql", "--liquibase formatted sql\n-changeset a:1\nselect 1;", 2, "author:id"),
        ("c.sql", "--liquibase formatted sql\n--changeset a: 1\nselect 1;", 2, "space"),
    ],
)
def test_a_changelog_that_cannot_be_understood_is_an_error_that_names_file_and_line(
    tree, at, name, text, line, why
):
    with pytest.raises(MigrationsError, match=why) as caught:
        read_state(tree({name: text}), at("liquibase", name))
    assert caught.value.where == f"{name}, line {line}"


def test_an_include_in_a_format_that_is_code_is_an_error(tree, at):
    files = {"changelog.xml": xml('<include file="a.groovy"/>'), "a.groovy": "databaseChangeLog {}"}
    with pytest.raises(MigrationsError, match="XML, YAML, JSON and SQL"):
        read_state(tree(files), at("liquibase", "."))


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20))


@pytest.mark.parametrize(
    "declared",
    [f'<!ENTITY a0 "ha">{BOMB}', '<!ENTITY a19 SYSTEM "file:///etc/passwd">', ""],
    ids=["bomb", "external", "bare"],
)
def test_an_xml_changelog_with_a_document_type_is_refused(tree, at, declared):
    text = f"<?xml version='1.0'?>\n<!DOCTYPE x [{declared}]>\n" + xml(change(1, body="<sql>&a19;</sql>"))
    with pytest.raises(MigrationsError, match="document type") as caught:
        read_state(tree({"changelog.xml": text}), at("liquibase", "."))
    assert caught.value.where == "changelog.xml, line 2"


def test_yaml_aliases_are_followed_and_a_bomb_of_them_is_refused(tree, at):
    shared = (
        "databaseChangeLog:\n- changeSet: &base\n    id: 1\n    author: a\n"
        "    changes: [{dropTable: {tableName: t}}]\n- changeSet: {<<: *base, id: 2}\n"
    )
    state = read_state(tree({"changelog.yaml": shared}), at("liquibase", "."))
    assert [(m.id, m.touches) for m in state.migrations] == [
        ("changelog.yaml::1::a", ("t",)),
        ("changelog.yaml::2::a", ("t",)),
    ]
    bomb = "a0: &a0 [ha]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20)
    )
    with pytest.raises(MigrationsError, match="aliases"):
        read_state(tree({"changelog.yaml": bomb + "databaseChangeLog: *a19\n"}), at("liquibase", "."))
    with pytest.raises(MigrationsError, match="refers to no complete anchor"):
        read_state(tree({"changelog.yaml": "databaseChangeLog: &a [*a]\n"}), at("liquibase", "."))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.json", '{"databaseChangeLog":' + "[" * 100_000 + "]" * 100_000 + "}"),
        ("c.json", '{"databaseChangeLog":' + "[" * 500 + "]" * 500 + "}"),
        ("c.json", '{"databaseChangeLog":' + '{"a":' * 500 + "1" + "}" * 501),
        ("c.yaml", "databaseChangeLog: " + "[" * 100_000),
        ("c.yaml", "databaseChangeLog: " + "{a: " * 900 + "1" + "}" * 900),
        ("c.xml", "<databaseChangeLog>" + "<a>" * 100_000 + "</a>" * 100_000 + "</databaseChangeLog>"),
    ],
)
def test_deep_nesting_is_an_error_and_not_a_crash(tree, at, name, text):
    with pytest.raises(MigrationsError, match="too deeply") as caught:
        read_state(tree({name: text}), at("liquibase", name))
    assert name in caught.value.where


def test_invalid_utf_8_is_read_as_far_as_possible(tree, at):
    files = {
        "changelog.xml": xml('<include file="a.sql"/>', change(1)).encode(),
        "a.sql": b"--liquibase formatted sql\n--changeset m\xfcller:1\ninsert into t values ('\xff');\n",
    }
    state = read_state(tree(files), at("liquibase", "."))
    assert ids(state) == ["a.sql::1::m�ller", "changelog.xml::1::a"]


@pytest.mark.parametrize("ending", ["xml", "yaml", "json", "sql"])
def test_thousands_of_change_sets_in_one_file_are_read_in_order(tree, at, ending):
    numbers = range(trials(10_000, 2_000))
    text = {
        "xml": lambda: xml(*map(change, numbers)),
        "yaml": lambda: (
            "databaseChangeLog:\n"
            + "".join(f"- changeSet: {{id: {n}, author: a, changes: [{{sql: x}}]}}\n" for n in numbers)
        ),
        "json": lambda: (
            '{"databaseChangeLog": ['
            + ",".join(f'{{"changeSet": {{"id": {n}, "author": "a"}}}}' for n in numbers)
            + "]}"
        ),
        "sql": lambda: (
            "--liquibase formatted sql\n" + "".join(f"--changeset a:{n}\nselect 1;\n" for n in numbers)
        ),
    }[ending]()
    state = read_state(tree({f"changelog.{ending}": text}), at("liquibase", "."))
    assert ids(state) == [f"changelog.{ending}::{n}::a" for n in numbers]
    assert state.problems == ()


def test_a_chain_of_thousands_of_includes_needs_no_recursion(tree, at):
    many = trials(10_000, 2_000)
    files = {f"{n}.xml": xml(f'<include file="{n + 1}.xml"/>', change(n)) for n in range(many)}
    files |= {f"{many}.xml": xml(change("last")), "changelog.xml": xml('<include file="0.xml"/>')}
    state = read_state(tree(files), at("liquibase", "changelog.xml"))
    assert state.count == many + 1
    assert state.heads == ("0.xml::0::a",)


@pytest.mark.parametrize(
    "line",
    [
        "--" + " " * 100_000,
        "--changeset" + " " * 100_000 + "a",
        "--changeset a:" + " " * 100_000,
        "--changeset " + "a" * 100_000,
        '--changeset "' + "a" * 100_000,
        "--changeset a:1 " + "ignore:" * 50_000,
        "--property " + "name: " * 50_000,
        " " * 100_000 + "x",
    ],
    ids=range(8),
)
def test_every_line_of_an_sql_changelog_takes_little_time(tree, at, line):
    text = f"--liquibase formatted sql\n--changeset a:1\nselect 1;\n{line}\n"
    start = time.process_time()
    with suppress(MigrationsError):
        read_state(tree({"c.sql": text}), at("liquibase", "c.sql"))
    assert time.process_time() - start < 2


@pytest.mark.parametrize("path", ["db", "nowhere", "db/notes.txt"])
def test_a_location_without_a_changelog_is_an_error(tree, at, path):
    with pytest.raises(MigrationsError):
        read_state(tree({"db/notes.txt": "", "db/pom.xml": "<project/>"}), at("liquibase", path))


def test_a_changelog_without_change_sets_is_an_error(tree, at):
    with pytest.raises(MigrationsError, match="no liquibase migrations"):
        read_state(tree({"changelog.xml": xml()}), at("liquibase", "."))


def test_a_folder_without_changelogs_is_empty_only_if_it_has_no_files(tree, at):
    files = {"all.xml": xml(change(1), '<includeAll path="later/"/>'), "later/.gitkeep": ""}
    state = read_state(tree(files), at("liquibase", "all.xml"))
    assert (ids(state), state.problems) == (["all.xml::1::a"], ())
    with pytest.raises(MigrationsError, match="contains no changelog"):
        read_state(tree({"all.xml": files["all.xml"]}), at("liquibase", "all.xml"))
