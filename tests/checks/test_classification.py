"""Which columns stop being protected, and which never were."""

import pyarrow as pa
import pytest

from tdmvc.checks.classification import check_classification
from tdmvc.model.diff import SchemaChange, SchemaChangeKind, TableDiff, TableStatus
from tdmvc.model.finding import Severity
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.sensitive_names import split_name

TEXT = pa.string()


def tables(*columns: Column, name: str = "customers") -> dict[str, TableSchema]:
    return {name: TableSchema(name, columns)}


def rules(
    old: dict[str, TableSchema], new: dict[str, TableSchema]
) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(f.rule, f.table, f.columns) for f in check_classification(old, new)]


@pytest.mark.parametrize("now", [None, "public", "  "])
def test_a_column_that_is_no_longer_personal_is_an_error(now: str | None) -> None:
    old = tables(Column("nick", TEXT, classification="Personal"))
    (found,) = check_classification(old, tables(Column("nick", TEXT, classification=now)))
    assert (found.rule, found.severity) == ("classification-lost", Severity.ERROR)
    assert found.remedy == (
        "in contract.yaml, under schema `name: customers`, properties `name: nick`, write `classification: Personal`."
    )


def test_another_word_for_personal_and_a_removed_column_are_allowed() -> None:
    old = tables(Column("nick", TEXT, classification="personal"), Column("email", TEXT, classification="pii"))
    assert rules(old, tables(Column("nick", TEXT, classification="PII"))) == []


def test_a_lost_classification_of_an_email_is_reported_once() -> None:
    old = tables(Column("email", TEXT, classification="personal"))
    assert rules(old, tables(Column("email", TEXT))) == [("classification-lost", "customers", ("email",))]


def test_a_rename_that_loses_the_classification_is_reported() -> None:
    old = tables(Column("nick", TEXT, classification="personal"), name="people")
    diff = TableDiff(
        "customers",
        TableStatus.RENAMED,
        old_name="people",
        schema=(SchemaChange(SchemaChangeKind.COLUMN_RENAMED, "alias", old="nick", new="alias"),),
    )
    (found,) = check_classification(old, tables(Column("alias", TEXT)), diffs=[diff])
    assert (found.rule, found.columns) == ("classification-lost", ("alias",))
    assert "(as nick)" in found.message


@pytest.mark.parametrize(
    "name",
    [
        "email", "e_mail", "EMail", "contactEmail", "work-e-mail", "EMAIL_2", "emails", "phone", "homePhone", "mobile",
        "first_name", "FirstName", "LASTNAME", "last-name", "full_name", "surname", "street", "address1",
        "shippingAddress", "IPAddress", "ip_address", "ip", "zip", "postcode", "postal_code", "date_of_birth", "dob",
        "ssn", "iban", "passport_no", "card_number", "tax_id",
    ],
)  # fmt: skip
def test_a_new_text_column_with_such_a_name_is_a_warning(name: str) -> None:
    (found,) = check_classification(tables(), tables(Column(name, TEXT)))
    assert (found.rule, found.severity, found.columns) == ("unclassified-personal", Severity.WARNING, (name,))
    assert "classification: personal" in found.remedy


@pytest.mark.parametrize(
    "column",
    [
        Column("emailed_at", pa.timestamp("us")),
        Column("emailed", TEXT),
        Column("zipper", TEXT),
        Column("discard", TEXT),
        Column("shipping", TEXT),
        Column("name", TEXT),
        Column("last", TEXT),
        Column("name_first", TEXT),
        Column("email_template", TEXT),
        Column("first_name_label", TEXT),
        Column("address_id", TEXT),
        Column("email", pa.bool_()),
        Column("email", pa.int64()),
        Column("zip", pa.int64()),
        Column("birth_count", pa.int64()),
        Column("email", TEXT, classification="public"),
        Column("_", TEXT),
        Column("7", TEXT),
    ],
)
def test_other_names_types_and_classified_columns_give_no_warning(column: Column) -> None:
    assert rules(tables(), tables(column)) == []


def test_a_date_of_birth_may_be_a_date_and_emails_a_list() -> None:
    new = tables(Column("birth_date", pa.date32()), Column("emails", pa.list_(TEXT)))
    assert [columns for _, _, columns in rules({}, new)] == [("birth_date",), ("emails",)]


def test_a_column_that_becomes_text_is_checked_again_and_one_that_was_text_is_not() -> None:
    new = tables(Column("phone", TEXT))
    assert len(rules(tables(Column("phone", pa.float64())), new)) == 1
    assert rules(tables(Column("phone", TEXT)), new) == []
    assert len(rules(tables(Column("phone", TEXT, classification="public")), new)) == 1


def test_a_renamed_column_that_was_unclassified_is_not_reported_again() -> None:
    renamed = SchemaChange(SchemaChangeKind.COLUMN_RENAMED, "email", old="mail", new="email")
    diff = TableDiff("customers", TableStatus.CHANGED, schema=(renamed,))
    assert (
        check_classification(tables(Column("mail", TEXT)), tables(Column("email", TEXT)), diffs=[diff]) == ()
    )


def test_names_are_split_at_humps_dashes_digits_and_dots_and_lose_their_accents() -> None:
    assert split_name("HTTPServerIPAddress2-home.línea_Été") == (
        "http", "server", "ip", "address", "home", "linea", "ete",
    )  # fmt: skip
