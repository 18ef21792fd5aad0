"""Ids of rules: stable, readable, and never the same for two rules of a contract."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tdmvc.model.declarations import Check, ForeignKey, UniqueKey
from tdmvc.model.rules import Required, Rule, rule_id, with_unique_ids
from tdmvc.model.schema import Column, TableSchema

NAMES = st.text(st.sampled_from('ab.,"'), min_size=1, max_size=4)


def test_ids_say_what_a_rule_is_about() -> None:
    text = pa.string()
    schema = TableSchema(
        "orders",
        (
            Column("id", text, required=True),
            Column("email", text, required=True, unique=True, max_length=9),
            Column("ref", text),
        ),
        ("id",),
        (ForeignKey(("ref",), "orders", ("id",)),),
        (UniqueKey(("email", "ref")), UniqueKey(("id.x", "ref"), "u_ref")),
        (Check("ref > ''", "ck_ref"), Check("email > ''")),
        further_rules=(Rule("orders.email.required", "orders", ("email",), Required()),),
    )
    assert [rule.id for rule in schema.rules] == [
        "orders.email.required",
        "orders.email.unique",
        "orders.email.length",
        "orders.email,ref.unique",
        "orders.u_ref",
        "orders.pk",
        "orders.ck_ref",
        "orders.check-66ccebc5",
        "orders.ref.references",
        "orders.email.required-2",
    ]


@given(st.tuples(NAMES, st.lists(NAMES, max_size=2)), st.tuples(NAMES, st.lists(NAMES, max_size=2)))
def test_names_with_dots_and_commas_give_ids_of_their_own(
    one: tuple[str, list[str]], other: tuple[str, list[str]]
) -> None:
    assert (rule_id(*one, "required") == rule_id(*other, "required")) == (one == other)


@given(st.lists(st.sampled_from(["a", "a-2", "b", "a-2-2"]), max_size=8))
def test_no_id_is_given_twice(names: list[str]) -> None:
    found = [rule.id for rule in with_unique_ids(Rule(name, "t", (), Required()) for name in names)]
    assert len(set(found)) == len(found)
    assert all(after.startswith(before) for before, after in zip(names, found, strict=True))
