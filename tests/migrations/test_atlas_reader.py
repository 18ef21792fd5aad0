"""The Atlas reader: versions, hashes, checkpoints and folders of other tools."""

import time
from base64 import b64encode
from hashlib import sha256

import pytest

from tdmvc.errors import MigrationsError
from tdmvc.migrations import read_state
from tdmvc.migrations.tools.atlas import hash_files, total_hash
from tests.migrations.states import find, ids, problems


def summed(**texts):
    """Return a folder with the atlas.sum that fits it; a name's dots are written `·`."""
    files = {f"{name.replace('·', '.')}.sql": text for name, text in texts.items()}
    entries = hash_files(sorted(files.items()))
    lines = [f"h1:{total_hash(entries)}", *(f"{name} h1:{hash_}" for name, hash_ in entries)]
    return {f"migrations/{name}": text for name, text in files.items()} | {
        "migrations/atlas.sum": "\n".join(lines) + "\n"
    }


def test_a_realistic_folder_is_found_and_matches_its_hashes(case_tree):
    (found,) = find("atlas", case_tree("atlas"))
    assert found.path == "migrations"
    state = read_state(case_tree("atlas"), found)
    assert [(m.id, m.name, m.touches) for m in state.migrations] == [
        ("20230101120000", "customers", ("customers",)),
        ("20230301120000", "20230301120000", ("orders",)),
        ("20240101120000", "note", ("orders",)),
        ("20240201120000", "seed", ("customers",)),
    ]
    assert state.heads == ("20240201120000",)
    assert state.problems == ()


def test_a_hash_covers_the_names_and_contents_of_all_files_up_to_its_own():
    files = [("1_a.sql", "one"), ("2_b.sql", "-- atlas:sum ignore\n"), ("3_c.sql", "drei ü")]

    def hashed(content):
        return b64encode(sha256(content.encode()).digest()).decode()

    first, last = hashed("1_a.sqlone"), hashed("1_a.sqlone2_b.sql3_c.sqldrei ü")
    assert hash_files(files) == [("1_a.sql", first), ("3_c.sql", last)]
    assert total_hash(hash_files(files)) == hashed(f"1_a.sql{first}3_c.sql{last}")


def test_an_edited_file_is_reported_and_later_ones_are_not(tree, at):
    files = summed(**{"1_a": "a", "2_b": "b", "3_c": "c"}) | {"migrations/2_b.sql": "B"}
    state = read_state(tree(files), at("atlas", "migrations"))
    assert ids(state) == ["1", "2", "3"]
    assert problems(state) == [("checksum-mismatch", "migrations/2_b.sql")]
    assert "atlas migrate hash" in state.problems[0].message


def test_files_that_only_one_side_has_are_reported(tree, at):
    files = summed(**{"1_a": "a", "2_b": "b"})
    del files["migrations/1_a.sql"]
    files["migrations/3_c.sql"] = "c"
    state = read_state(tree(files), at("atlas", "migrations"))
    assert problems(state) == [
        ("checksum-mismatch", "migrations/3_c.sql"),
        ("checksum-mismatch", "migrations/atlas.sum"),
    ]
    assert "1_a.sql" in state.problems[1].message


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "h1:" + "A" * 43 + "=\n" + text.partition("\n")[2],
        lambda text: "<<<<<<< HEAD\n" + text,
        lambda text: text.replace("h1:", "h2:"),
        lambda text: "",
        lambda text: "\n".join(
            [text.splitlines()[0], *reversed(text.splitlines()[1:])],
        ),
    ],
    ids=["first-line", "conflict", "other-hash", "empty", "order"],
)
def test_an_atlas_sum_that_was_changed_by_hand_is_a_problem(tree, at, change):
    files = summed(**{"1_a": "a", "2_b": "b"})
    files["migrations/atlas.sum"] = change(files["migrations/atlas.sum"])
    state = read_state(tree(files), at("atlas", "migrations"))
    assert ids(state) == ["1", "2"]
    assert problems(state) == [("checksum-mismatch", "migrations/atlas.sum")]


def test_no_atlas_sum_is_a_problem(tree, at):
    state = read_state(tree({"migrations/1_a.sql": ""}), at("atlas", "migrations"))
    assert problems(state) == [("checksum-mismatch", "migrations/atlas.sum")]


def test_a_byte_order_mark_is_part_of_the_hash(tree, at):
    files = summed(**{"1_a": "\ufeffa", "2_b": "b"})
    with_mark = {path: text.encode() for path, text in files.items()}
    assert read_state(tree(with_mark), at("atlas", "migrations")).problems == ()


def test_a_file_that_is_not_utf_8_is_reported_because_it_cannot_be_checked(tree, at):
    files = summed(**{"1_a": "x"}) | {"migrations/1_a.sql": b"insert \xff"}
    state = read_state(tree(files), at("atlas", "migrations"))
    assert problems(state) == [("unreadable-file", "migrations/1_a.sql")]


def test_a_checkpoint_counts_only_if_nothing_is_before_it(tree, at):
    mark = "-- atlas:checkpoint\n\ncreate table a (x int);"
    both = summed(**{"1_a": "a", "2_checkpoint": mark})
    alone = summed(**{"2_checkpoint": mark, "3_b": "b"})
    assert ids(read_state(tree(both), at("atlas", "migrations"))) == ["1"]
    assert ids(read_state(tree(alone), at("atlas", "migrations"))) == ["2", "3"]
    edited = read_state(tree(summed(**{"1_a": "a", "2_checkpoint": mark + "--"})), at("atlas", "migrations"))
    assert edited.digest != read_state(tree(both), at("atlas", "migrations")).digest


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("-- atlas:checkpoint v1\n\nselect 1;", True),
        ("-- by hand\n# atlas:checkpoint\n\nselect 1;", True),
        ("-- atlas:checkpoint\n", True),
        ("-- atlas:checkpoint\nselect 1;", False),
        ("select 1;\n-- atlas:checkpoint\n", False),
        ("-- atlas:checkpoints\n\n", False),
    ],
)
def test_separate_comments_at_the_top_mark_a_checkpoint(tree, at, text, is_one):
    state = read_state(tree(summed(**{"1_a": "a", "2_b": text})), at("atlas", "migrations"))
    assert ids(state) == (["1"] if is_one else ["1", "2"])


def test_folders_in_the_formats_of_other_tools_are_read_too(tree, at):
    migrate = summed(**{"1_a·up": "a", "1_a·down": "b", "2_b·up": "c"})
    state = read_state(tree(migrate), at("atlas", "migrations"))
    assert [(m.id, m.name) for m in state.migrations] == [("1", "a"), ("2", "b")]
    assert state.problems == ()
    flyway = summed(**{"V1__a": "a", "V1_1__b": "b", "U1__a": "c", "R__views": "d"})
    state = read_state(tree(flyway), at("atlas", "migrations"))
    assert [(m.id, m.name) for m in state.migrations] == [("1_1", "b"), ("1", "a")]
    assert state.problems == ()


def test_two_files_with_one_version_are_a_problem(tree, at):
    state = read_state(tree(summed(**{"1_a": "a", "1_b": "b"})), at("atlas", "migrations"))
    assert problems(state) == [("duplicate-id", "migrations/1_b.sql")]


def test_files_in_subfolders_are_not_migrations_of_atlas(tree, at):
    files = summed(**{"1_a": "a"}) | {"migrations/old/2_b.sql": "b"}
    state = read_state(tree(files), at("atlas", "migrations"))
    assert ids(state) == ["1"]
    assert state.problems == ()


def test_a_folder_that_the_configuration_names_is_found_without_atlas_sum(tree):
    files = {
        "db/atlas.hcl": 'migration {\n  dir = "file://sql?format=goose"\n}\nlint { dir = "file://../../x" }',
        "db/sql/1_a.sql": "",
        "vendor/x/atlas.sum": "",
        "vendor/x/1_a.sql": "",
    }
    assert [loc.path for loc in find("atlas", tree(files))] == ["db/sql"]


@pytest.mark.parametrize("path", ["migrations", "nowhere"])
def test_no_sql_file_is_an_error(tree, at, path):
    with pytest.raises(MigrationsError):
        read_state(tree({"migrations/atlas.sum": "h1:x\n"}), at("atlas", path))


def test_a_file_with_only_comments_takes_little_time(tree, at):
    files = summed(**{"1_a": "a", "2_b": "-- \n" * 200_000})
    start = time.process_time()
    assert ids(read_state(tree(files), at("atlas", "migrations"))) == ["1", "2"]
    assert time.process_time() - start < 2
