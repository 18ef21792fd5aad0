"""Contracts of real databases: taken over once, inferred from their rows, and kept by them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tdmvc.checks.inference import infer_rules
from tdmvc.model.rules import References, Rule, Unique
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import open_tables
from tdmvc.workspace.workspace import Workspace
from tests.builders import Tdmvc


def test_chinook_keeps_what_its_rows_suggest(tdmvc: Tdmvc, shared: Path) -> None:
    database = shared / "chinook/Chinook_Sqlite.sqlite"
    tdmvc("add", "chinook", database)
    assert tdmvc("contract", "import", database, "--dataset", "chinook").out.startswith("Nothing new")
    found = tdmvc("contract", "infer", "chinook", "--apply", "--format", "json").json
    ids = {one["rule"]["id"] for table in found["tables"] for one in table["proposals"]}
    assert {"Track.AlbumId.required", "Invoice.BillingCountry.invalidValues", "Customer.Email.unique"} <= ids
    assert "Customer.FirstName.length" not in ids
    assert found["unwritten"] == []
    tdmvc("validate", "chinook")
    assert tdmvc("contract", "infer", "chinook").out.startswith("Nothing to propose")


def test_the_schema_of_pagila_is_taken_over_once(tdmvc: Tdmvc, repo: Path, shared: Path) -> None:
    script = shared / "pagila/pagila-schema.sql"
    taken = tdmvc("contract", "import", script, "--dataset", "pagila", "--format", "json").json
    assert (len(taken["changes"]), taken["unwritten"], taken["conflicts"]) == (15, [], [])
    contract = repo / "datasets/pagila/contract.yaml"
    text = contract.read_text()
    tdmvc("contract", "import", script, "--dataset", "pagila")
    assert contract.read_text() == text
    tdmvc("contract", "diff", script, contract, "--exit-code")


@pytest.mark.parametrize(
    ("name", "files", "keys", "references", "uniques", "most"),
    [
        # Of references and unique columns, those that the schema does not declare are meant all the same: three of
        # payment that Pagila declares for its partitions only, and addresses of e-mail.
        ("chinook", ["Chinook_Sqlite.sqlite"], (7, 7, 7), (10, 9, 9), (0, 1, 0), 8),
        (
            "pagila",
            ["pagila-schema.sql", "pagila-data.sql"],
            (11, 10, 9),
            (15, 17, 14),
            (1, 1, 0),
            9,
        ),
    ],
)
def test_keys_and_references_are_found_in_rows_alone(
    tdmvc: Tdmvc,
    repo: Path,
    shared: Path,
    name: str,
    files: list[str],
    keys: tuple[int, int, int],
    references: tuple[int, int, int],
    uniques: tuple[int, int, int],
    most: int,
) -> None:
    """Each figure: how many the schema declares (of tables with enough rows), were found, and are both."""
    tdmvc("add", name, *(shared / name / file for file in files))
    with Workspace.open(repo) as workspace:
        state = resolve_state(workspace, name)
        tables = open_tables(workspace, state, with_edits=True)
        bare = {one: replace(side, schema=_bare(side.schema)) for one, side in tables.items()}
        contract = Contract({one: side.schema for one, side in bare.items()})
        found = infer_rules(workspace.engine, bare, contract, conditions=workspace.conditions)
    enough = {one for one, side in bare.items() if side.rows >= 30}
    declared = _identities(rule for rule in state.contract.rules if rule.table in enough)
    proposed = _identities(one.rule for table in found for one in table.proposals)
    # What is proposed as a key is proposed as unique, too, because the key is no edit of the contract.
    proposed -= {("unique", *one[1:]) for one in proposed if one[0] == "key"}
    for kind, expected in (("key", keys), ("reference", references), ("unique", uniques)):
        true, seen = ({one for one in side if one[0] == kind} for side in (declared, proposed))
        assert (len(true), len(seen), len(true & seen)) == expected, (kind, true ^ seen)
    assert sum(len(one.proposals) for one in found) / len(found) < most


def _bare(schema: TableSchema) -> TableSchema:
    """Return a table without what anybody declared of it."""
    return TableSchema(schema.name, tuple(Column(one.name, one.type) for one in schema.columns))


def _identities(rules: Iterable[Rule]) -> set[tuple[str, str, frozenset[str], str]]:
    found = set()
    for rule in rules:
        match rule.test:
            case Unique(is_key=is_key):
                found.add(("key" if is_key else "unique", rule.table, frozenset(rule.columns), ""))
            case References(reference):
                found.add(("reference", rule.table, frozenset(rule.columns), reference.table))
    return found
