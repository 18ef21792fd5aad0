"""Contracts of real databases: taken over once, inferred from their rows, and kept by them."""

from pathlib import Path

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
