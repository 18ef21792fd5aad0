"""The Drizzle reader: journals, snapshots, and the layout with a folder for each migration."""

import json

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import read_state
from tests.migrations.states import find, ids, kinds

ORIGIN = "00000000-0000-0000-0000-000000000000"


def journal(*tags, whens=None, numbers=None):
    entries = [
        {
            "idx": numbers[n] if numbers else n,
            "when": whens[n] if whens else 1000 + n,
            "tag": tag,
            "version": "7",
        }
        for n, tag in enumerate(tags)
    ]
    return {"drizzle/meta/_journal.json": json.dumps({"version": "7", "entries": entries})}


def scripts(*tags):
    return {f"drizzle/{tag}.sql": f"-- {tag}\n" for tag in tags}


def snapshots(**before):
    return {
        f"drizzle/meta/{number.removeprefix('n')}_snapshot.json": json.dumps(
            {"version": "7", "id": number, "prevId": prev, "tables": {}}
        )
        for number, prev in before.items()
    }


def folder(tag, id_, *before, **fields):
    snapshot = {"version": "8", "id": id_, "prevIds": list(before) or [ORIGIN], **fields}
    return {
        f"drizzle/{tag}/migration.sql": f"-- {tag}\n",
        f"drizzle/{tag}/snapshot.json": json.dumps(snapshot),
    }


def test_a_realistic_journal_is_found_and_read_in_its_order(case_tree):
    (found,) = find("drizzle", case_tree("drizzle"))
    assert found.path == "drizzle"
    state = read_state(case_tree("drizzle"), found)
    assert [(m.id, m.name, m.touches, m.parents) for m in state.migrations] == [
        ("0000_happy_candle", "happy candle", ("customers", "orders"), ()),
        ("0001_red_wick", "red wick", ("orders",), ("0000_happy_candle",)),
        ("0002_tall_lamp", "tall lamp", ("customers",), ("0001_red_wick",)),
    ]
    assert state.heads == ("0002_tall_lamp",)
    assert [(p.kind, p.path) for p in state.problems] == [("unreadable-file", "drizzle/0009_forgotten.sql")]


def test_the_layout_with_folders_is_a_graph(case_tree):
    (found,) = find("drizzle", case_tree("drizzle-folders"))
    assert found.path == "migrations"
    state = read_state(case_tree("drizzle-folders"), found)
    assert [(m.id, m.parents) for m in state.migrations] == [
        ("20250901100000_init", ()),
        ("20250902100000_orders", ("20250901100000_init",)),
        ("20250903100000_email", ("20250901100000_init",)),
        ("20250904100000_both", ("20250902100000_orders", "20250903100000_email")),
    ]
    assert state.heads == ("20250904100000_both",)
    assert state.problems == ()


def test_the_journal_takes_precedence_over_the_names(tree, at):
    files = journal("0001_b", "0000_a") | scripts("0000_a", "0001_b")
    state = read_state(tree(files), at("drizzle", "drizzle"))
    assert ids(state) == ["0001_b", "0000_a"]
    assert state.heads == ("0000_a",)


def test_an_entry_without_its_file_is_a_problem(tree, at):
    state = read_state(tree(journal("0000_a", "0001_b") | scripts("0000_a")), at("drizzle", "drizzle"))
    assert ids(state) == ["0000_a", "0001_b"]
    assert state.heads == ("0001_b",)
    assert [(p.kind, p.path) for p in state.problems] == [("unreadable-file", "drizzle/meta/_journal.json")]
    assert "0001_b.sql" in state.problems[0].message


def test_a_journal_without_any_file_still_has_an_order_and_a_head(tree):
    files = journal(*(f"{n:04d}_x" for n in range(200)))
    (found,) = find("drizzle", tree(files))
    state = read_state(tree(files), found)
    assert (state.count, state.heads) == (200, ("0199_x",))
    assert [problem.message for problem in state.problems] == [
        "drizzle/meta/_journal.json has entries for files that are missing: every file."
    ]


def test_two_branches_with_one_number_are_a_problem(tree, at):
    files = journal("0000_a", "0001_b", "0001_c", numbers=[0, 1, 1]) | scripts("0000_a", "0001_b", "0001_c")
    state = read_state(tree(files), at("drizzle", "drizzle"))
    assert kinds(state) == ["duplicate-id"]
    assert "0001_b and 0001_c" in state.problems[0].message


def test_a_tag_that_appears_twice_is_a_problem(tree, at):
    state = read_state(tree(journal("0000_a", "0000_a") | scripts("0000_a")), at("drizzle", "drizzle"))
    assert kinds(state) == ["duplicate-id"]


@pytest.mark.parametrize(("when", "is_as"), [(1000, "older than"), (3000, "as old as")])
def test_an_entry_that_drizzle_would_skip_is_a_problem(tree, at, when, is_as):
    files = journal("0000_a", "0001_b", "0002_c", whens=[3000, when, 4000]) | scripts(
        "0000_a", "0001_b", "0002_c"
    )
    state = read_state(tree(files), at("drizzle", "drizzle"))
    assert kinds(state) == ["gap"]
    assert f"0001_b is {is_as} 0000_a" in state.problems[0].message


def test_two_snapshots_after_the_same_one_are_several_heads(tree, at):
    files = journal("0000_a", "0001_b", "0002_c") | scripts("0000_a", "0001_b", "0002_c")
    fork = snapshots(n0000=ORIGIN, n0001="n0000", n0002="n0000")
    line = snapshots(n0000=ORIGIN, n0001="n0000", n0002="n0001")
    state = read_state(tree(files | fork), at("drizzle", "drizzle"))
    assert kinds(state) == ["several-heads"]
    assert "0001_b and 0002_c" in state.problems[0].message
    assert read_state(tree(files | line), at("drizzle", "drizzle")).problems == ()


def test_open_branches_in_folders_are_several_heads_and_a_lost_snapshot_is_a_dangling_parent(tree, at):
    fork = folder("1_a", "s1") | folder("2_b", "s2", "s1") | folder("3_c", "s3", "s1")
    state = read_state(tree(fork), at("drizzle", "drizzle"))
    assert state.heads == ("2_b", "3_c")
    assert kinds(state) == ["several-heads"]
    lost = folder("1_a", "s1") | folder("2_b", "s2", "gone")
    assert kinds(read_state(tree(lost), at("drizzle", "drizzle"))) == ["dangling-parent", "several-heads"]


def test_a_folder_without_snapshot_follows_the_one_before_it_by_name(tree, at):
    files = folder("1_a", "s1") | {"drizzle/2_b/migration.sql": "select 1"}
    state = read_state(tree(files), at("drizzle", "drizzle"))
    assert [(m.id, m.parents) for m in state.migrations] == [("1_a", ()), ("2_b", ("1_a",))]


def test_snapshots_in_a_cycle_are_a_problem(tree, at):
    files = folder("1_a", "s1", "s2") | folder("2_b", "s2", "s1")
    state = read_state(tree(files), at("drizzle", "drizzle"))
    assert kinds(state) == ["cycle"]
    assert state.count == 2


def test_a_snapshot_that_cannot_be_read_is_a_problem(tree, at):
    files = folder("1_a", "s1") | {"drizzle/1_a/snapshot.json": "{"}
    state = read_state(tree(files), at("drizzle", "drizzle"))
    assert [(p.kind, p.path) for p in state.problems] == [("unreadable-file", "drizzle/1_a/snapshot.json")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("drizzle.config.ts", "export default defineConfig({ out: './db/out', schema: 'x' })"),
        ("drizzle.config.json", '{"out": "db/out"}'),
        ("drizzle-prod.config.mjs", 'export default { out: "./db/out" }'),
    ],
)
def test_a_folder_without_snapshots_is_found_by_the_configuration(tree, name, text):
    files = {name: text, "db/out/1_a/migration.sql": ""}
    assert [loc.path for loc in find("drizzle", tree(files))] == ["db/out"]


@pytest.mark.parametrize("path", ["drizzle", ".", "drizzle/meta/_journal.json"])
def test_a_location_may_be_the_folder_above_or_the_journal(tree, at, path):
    files = journal("0000_a") | scripts("0000_a")
    assert ids(read_state(tree(files), at("drizzle", path))) == ["0000_a"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[]", "no list of entries"),
        ('{"entries": [{"idx": 0}]}', "no tag"),
        ('{"entries": [{"idx": 0, "tag": "../../etc/passwd"}]}', "no tag"),
        ('{"entries": [{"idx": "0", "tag": "a"}]}', "whole number"),
        ('{"entries": [\n<<<<<<< HEAD\n', "merge conflict"),
        ('{"entries": ' + "[" * 100_000 + "]" * 100_000 + "}", "too deeply"),
        ('{"entries": [{"idx": ' + "1" * 5_000 + "}]}", "not JSON"),
    ],
    ids=range(8),
)
def test_a_journal_that_cannot_be_understood_is_an_error_that_names_it(tree, at, text, why):
    with pytest.raises(MigrationsError, match=why) as caught:
        read_state(tree({"drizzle/meta/_journal.json": text}), at("drizzle", "drizzle"))
    assert caught.value.where.startswith("drizzle/meta/_journal.json")


@pytest.mark.parametrize("files", [{}, journal(), {"drizzle/readme.md": ""}])
def test_no_migration_is_an_error(tree, at, files):
    with pytest.raises(MigrationsError):
        read_state(tree(files), at("drizzle", "drizzle"))


def test_a_chain_of_ten_thousand_folders_needs_no_recursion(tree, at):
    files = folder("00000_x", "s0")
    for n in range(1, 10_000):
        files |= folder(f"{n:05d}_x", f"s{n}", f"s{n - 1}")
    state = read_state(tree(files), at("drizzle", "drizzle"))
    assert state.heads == ("09999_x",)
    assert state.problems == ()
