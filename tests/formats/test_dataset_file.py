"""dataset.yaml: read, written without losing people's words, and mergeable."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tdmvc.errors import ConfigError
from tdmvc.formats.dataset import parse_dataset
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.model.dataset import DatasetConfig, DatasetKind, DiffRules
from tdmvc.model.migration import RecordedState

WHOLE = """\
# The one that everybody uses.
format: tdmvc.dataset/1
name: golden
kind: golden                 # golden | masked | synthetic | reference
description: Canonical workflows of the shop.
migrations:                  # the schema these rows were written for
  main:
    tool: alembic
    heads: [ae1027a6acf]
tables:
  auth_permission:
    diff: {key: [content_type_id, codename]}       # natural key for diffs
ignore: ["django_migrations.applied", "*.updated_at"]
"""


def test_every_key_is_read() -> None:
    assert parse_dataset(WHOLE + "part_rows: 4096\n", "p") == DatasetConfig(
        "golden",
        DatasetKind.GOLDEN,
        "Canonical workflows of the shop.",
        {"main": RecordedState("alembic", ("ae1027a6acf",))},
        {"auth_permission": DiffRules(("content_type_id", "codename"))},
        ("django_migrations.applied", "*.updated_at"),
        4096,
    )


def test_heads_are_never_numbers() -> None:
    text = "format: tdmvc.dataset/1\nname: g\nmigrations: {m: {tool: sql, heads: [0001, 1e5, 2.10]}}\n"
    assert parse_dataset(text, "p").migrations["m"].heads == ("0001", "1e5", "2.10")


def test_an_update_with_equal_values_changes_nothing() -> None:
    assert update_dataset(WHOLE, parse_dataset(WHOLE, "p")) == WHOLE


def test_an_update_changes_only_its_own_fields() -> None:
    config = replace(parse_dataset(WHOLE, "p"), migrations={"main": RecordedState("alembic", ("0002",))})
    assert update_dataset(WHOLE, config) == WHOLE.replace("ae1027a6acf", '"0002"')


def test_a_new_file_contains_only_what_is_set() -> None:
    assert (
        update_dataset(None, DatasetConfig("golden"))
        == "format: tdmvc.dataset/1\nname: golden\nkind: golden\n"
    )


def test_what_is_no_longer_set_is_removed() -> None:
    bare = DatasetConfig("golden")
    text = update_dataset(WHOLE, bare)
    assert parse_dataset(text, "p") == bare
    assert "migrations" not in text
    assert "# golden | masked" in text


def test_two_branches_may_move_neighbouring_locations(tmp_path: Path) -> None:
    states = {name: RecordedState("alembic", (f"{name}1",)) for name in ("audit", "main")}
    base = update_dataset(None, DatasetConfig("golden", migrations=states))
    sides = {"base": base}
    for name in states:
        moved = states | {name: RecordedState("alembic", (f"{name}2",))}
        sides[name] = update_dataset(base, DatasetConfig("golden", migrations=moved))
    for name, text in sides.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["git", "merge-file", "-p", "audit", "base", "main"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    merged = parse_dataset(done.stdout, "p").migrations
    assert {name: state.heads for name, state in merged.items()} == {"audit": ("audit2",), "main": ("main2",)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: a/b\n", ("not a valid name", "line 2")),
        ("name: g\nkind: gold\n", ("no kind 'gold'", "golden", "line 3")),
        ("name: g\nrows: 5\n", ("'rows' is unknown", "line 3")),
        ("name: g\nignore: [updated_at]\n", ("*.updated_at", "line 3")),
        ("name: g\npart_rows: 0\n", ("at least one row",)),
        ("name: g\npart_rows: many\n", ("whole number", "'part_rows'")),
        ("name: g\nmigrations: {m: {heads: [a]}}\n", ("'tool' is missing",)),
        ("name: g\ntables: {t: {diff: {keys: [a]}}}\n", ("did you mean 'key'?",)),
        ("<<<<<<< HEAD\nname: g\n=======\nname: h\n>>>>>>> x\n", ("conflict markers",)),
    ],
)
def test_a_fault_names_line_and_key(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_dataset("format: tdmvc.dataset/1\n" + text, "datasets/g/dataset.yaml")
    assert all(word in str(caught.value) for word in ("datasets/g/dataset.yaml", *words))
