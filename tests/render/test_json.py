"""The serialiser publishes only what is declared, and masks cells unless a table opens its columns."""

from dataclasses import dataclass

import pytest

from tdmvc.model.diff import CellChange, ChangedRowSample, RowSample
from tdmvc.render.documents import document
from tdmvc.render.json import DECLARED, Scope, declare, to_json

ROW = RowSample({"id": 7}, {"mail": "ann@example.org", "age": 41, "fax": None})


@dataclass(frozen=True, slots=True)
class _Thing:
    name: str
    value: object = None
    owner: str = ""


def test_every_cell_is_masked_outside_a_table() -> None:
    assert to_json(ROW, Scope()) == {
        "key": {"id": {"masked": True}},
        "values": {"mail": {"masked": True, "length": 15}, "age": {"masked": True}, "fax": None},
    }


def test_a_table_opens_all_columns_but_its_personal_ones() -> None:
    changed = ChangedRowSample(
        {"id": 7}, (CellChange("mail", "a", "bc", ("$.x",)), CellChange("age", 1, 2)), {"fax": b"x"}
    )
    assert to_json(changed, Scope(hidden=frozenset({"mail"}))) == {
        "key": {"id": 7},
        "cells": [
            {
                "column": "mail",
                "old": {"masked": True, "length": 1},
                "new": {"masked": True, "length": 2},
                "inside": [],
                "pattern": None,
            },
            {"column": "age", "old": 1, "new": 2, "inside": [], "pattern": None},
        ],
        "unchanged": {"fax": {"base64": "eA=="}},
    }


@pytest.mark.parametrize("members", ["name value", "name content=value", "value?", "value-"])
def test_cells_cannot_be_declared_without_a_mask(members: str) -> None:
    with pytest.raises(TypeError, match=r"_Thing\.value holds cells: mark it with @, or compute it"):
        declare(_Thing, members)


def test_a_member_that_the_class_does_not_have_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="_Thing has no size"):
        declare(_Thing, "name bytes=size")


def test_undeclared_members_are_not_published() -> None:
    with pytest.raises(TypeError, match="no JSON is declared for _Thing"):
        document(_Thing("a"))
    with pytest.raises(TypeError, match="RowSample is only a part of a document"):
        document(ROW)


def test_a_declaration_renames_computes_and_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(DECLARED, _Thing, raising=False)
    declare(
        _Thing, "title=name owner? size-", format="x/1", size=lambda thing, scope: len(thing.owner) or None
    )
    assert document(_Thing("a")) == {"format": "x/1", "title": "a", "owner": None}
    assert document(_Thing("a", owner="me")) == {"format": "x/1", "title": "a", "owner": "me", "size": 2}
    monkeypatch.delitem(DECLARED, _Thing)
