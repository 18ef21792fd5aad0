"""Includes of Liquibase that are among the resources of another module of a Maven or Gradle build."""

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import detect, read_state
from tests.migrations.states import ids, problems

RESOURCES = "src/main/resources"
MASTER = f"app/{RESOURCES}/db/changelog/db.changelog-master.xml"
POM = "<project><parent><artifactId>shop</artifactId></parent>\n<artifactId>{}</artifactId>{}</project>"


def xml(*inner):
    return f"<databaseChangeLog>{''.join(inner)}</databaseChangeLog>"


def change(id_):
    return f'<changeSet id="{id_}" author="a"><sql>select 1</sql></changeSet>'


def needs(*artifacts):
    each = "".join(f"<dependency><artifactId>{name}</artifactId></dependency>" for name in artifacts)
    return f"<dependencies>{each}</dependencies>"


INCLUDE = xml('<include file="db/orders/orders.xml"/>', change("last"))


@pytest.mark.parametrize(
    "include",
    [
        '<include file="db/orders/orders.xml"/>',
        '<include file="classpath:db/orders/orders.xml"/>',
        '<include file="/db/orders/orders.xml"/>',
        '<include file="../orders/orders.xml" relativeToChangelogFile="true"/>',
        '<includeAll path="db/orders/"/>',
        '<includeAll path="../orders" relativeToChangelogFile="true"/>',
    ],
)
@pytest.mark.parametrize(
    "builds",
    [
        {},
        {
            "app/pom.xml": POM.format("shop-app", needs("shop-orders")),
            "order-store/pom.xml": POM.format("shop-orders", ""),
        },
        {"app/build.gradle": "dependencies { implementation project(':order-store') }"},
        {
            "app/build.gradle": "apply from: 'dependencies.gradle'",
            "app/dependencies.gradle": "dependencies { implementation(project(path: ':order-store')) }",
        },
        {"app/build.gradle.kts": 'dependencies { implementation(project(":order-store")) }'},
        {"app/build.gradle.kts": "dependencies { implementation(projects.orderStore) }"},
    ],
)
def test_an_include_is_found_among_the_resources_of_another_module(tree, include, builds):
    files = {
        MASTER: xml(include, change("last")),
        f"order-store/{RESOURCES}/db/orders/orders.xml": xml(change("first")),
        f"order-store/{RESOURCES}/db/readme.txt": "",
    }
    (found,) = detect(tree(files | builds))
    assert (found.tool, found.path) == ("liquibase", f"app/{RESOURCES}/db/changelog")
    state = read_state(tree(files | builds), found)
    assert ids(state) == ["db/orders/orders.xml::first::a", "db/changelog/db.changelog-master.xml::last::a"]
    assert state.problems == ()


def test_a_module_of_kotlin_has_its_resources_in_the_folder_of_a_platform(tree, at):
    files = {
        "app/src/jvmMain/resources/db/master.xml": INCLUDE,
        "orders/src/commonMain/resources/db/orders/orders.xml": xml(change("first")),
    }
    state = read_state(tree(files), at("liquibase", "app/src/jvmMain/resources/db/master.xml"))
    assert ids(state) == ["db/orders/orders.xml::first::a", "db/master.xml::last::a"]
    assert state.problems == ()


def test_a_folder_above_the_modules_may_be_called_src(tree, at):
    files = {
        f"src/app/{RESOURCES}/db/master.xml": INCLUDE,
        "src/app/build.gradle": "implementation project(':orders')",
        f"src/old/{RESOURCES}/db/orders/orders.xml": xml(change("old")),
        f"src/orders/{RESOURCES}/db/orders/orders.xml": xml(change("first")),
    }
    state = read_state(tree(files), at("liquibase", f"src/app/{RESOURCES}/db/master.xml"))
    assert (ids(state)[0], state.problems) == ("db/orders/orders.xml::first::a", ())


def test_of_several_modules_the_one_that_the_build_names_is_read(tree, at):
    files = {
        MASTER: INCLUDE,
        "app/pom.xml": POM.format("app", needs("middle")),
        "middle/pom.xml": POM.format("middle", needs("zoo")),
        "zoo/pom.xml": POM.format("zoo", ""),
        f"middle/{RESOURCES}/x.txt": "",
        f"app-old/{RESOURCES}/db/orders/orders.xml": xml(change("old")),
        f"zoo/{RESOURCES}/db/orders/orders.xml": xml(change("zoo")),
    }
    state = read_state(tree(files), at("liquibase", MASTER))
    assert ids(state)[0] == "db/orders/orders.xml::zoo::a"
    assert state.problems == ()


def test_a_file_that_several_modules_have_is_a_problem_if_no_build_says_which(tree, at):
    files = {
        MASTER: INCLUDE,
        f"x/{RESOURCES}/db/orders/orders.xml": xml(change("x")),
        f"y/{RESOURCES}/db/orders/orders.xml": xml(change("y")),
    }
    state = read_state(tree(files), at("liquibase", MASTER))
    assert ids(state)[0] == "db/orders/orders.xml::x::a"
    assert problems(state) == [("unreadable-file", MASTER)]
    assert f"x/{RESOURCES}/db/orders/orders.xml, y/{RESOURCES}" in state.problems[0].message


def test_what_a_changelog_of_another_module_names_beside_itself_is_no_question(tree, at):
    files = {
        MASTER: INCLUDE,
        f"x/{RESOURCES}/db/orders/orders.xml": xml('<include file="a.xml" relativeToChangelogFile="true"/>'),
        f"x/{RESOURCES}/db/orders/a.xml": xml(change("a")),
        f"y/{RESOURCES}/db/orders/a.xml": xml(change("other")),
    }
    state = read_state(tree(files), at("liquibase", MASTER))
    assert ids(state)[0] == "db/orders/a.xml::a::a"
    assert state.problems == ()


def test_an_empty_changelog_of_a_module_is_no_location_next_to_others(tree):
    files = {
        MASTER: xml(change("x")),
        f"orders/{RESOURCES}/orders/module-changelog-master.xml": xml(),
    }
    assert [found.path for found in detect(tree(files))] == [f"app/{RESOURCES}/db/changelog"]


def test_the_own_resources_come_first(tree, at):
    files = {
        MASTER: INCLUDE,
        f"app/{RESOURCES}/db/orders/orders.xml": xml(change("own")),
        f"x/{RESOURCES}/db/orders/orders.xml": xml(change("x")),
    }
    state = read_state(tree(files), at("liquibase", MASTER))
    assert (ids(state)[0], state.problems) == ("db/orders/orders.xml::own::a", ())


def test_a_folder_is_included_from_all_modules_on_the_classpath_and_from_no_other(tree, at):
    files = {
        MASTER: xml('<includeAll path="db/changes"/>'),
        "app/build.gradle": "implementation project(':plugins:pay')",
        f"app/{RESOURCES}/db/changes/b.xml": xml(change("own")),
        f"plugins/pay/{RESOURCES}/db/changes/a.xml": xml(change("pay")),
        f"other/{RESOURCES}/db/changes/c.xml": xml(change("other")),
    }
    assert ids(read_state(tree(files), at("liquibase", MASTER))) == [
        "db/changes/a.xml::pay::a",
        "db/changes/b.xml::own::a",
    ]


def test_a_master_that_an_application_of_another_module_includes_is_not_a_location(tree):
    files = {
        MASTER: xml('<include file="orders/db.changelog-master.xml"/>'),
        f"orders/{RESOURCES}/orders/db.changelog-master.xml": xml(change("x")),
    }
    (found,) = detect(tree(files))
    assert found.path == f"app/{RESOURCES}/db/changelog"
    assert ids(read_state(tree(files), found)) == ["orders/db.changelog-master.xml::x::a"]


@pytest.mark.parametrize(
    "name", ["../../../secret.xml", "db/none.xml", "../../other/src/main/resources/../x.xml"]
)
def test_an_include_that_no_module_has_is_an_error_that_names_it(tree, at, name):
    files = {
        MASTER: xml(f'<include file="{name}"/>'),
        f"x/{RESOURCES}/db/orders.xml": xml(change("x")),
        "x/src/secret.xml": xml(change("x")),
    }
    with pytest.raises(MigrationsError, match=r"\.xml") as caught:
        read_state(tree(files), at("liquibase", MASTER))
    assert caught.value.where == f"{MASTER}, line 1"
