"""Conditions of a server that are not evaluated share one finding."""

from dataclasses import replace

from tdmvc.checks.not_evaluated import group_not_evaluated
from tdmvc.model.finding import Finding, Severity


def of(table: str, name: str | None, server: str | None = "postgresql") -> Finding:
    details: dict[str, object] = {"check": name, "reason": "it uses lower"}
    if server is not None:
        details["server"] = server
    return Finding(
        "check-not-evaluated",
        Severity.ERROR,
        f"{name} of {table}",
        table=table,
        columns=("a",),
        details=details,
    )


def test_all_conditions_of_a_server_are_one_finding_with_their_number() -> None:
    other = Finding("broken-check", Severity.ERROR, "Broken.", table="b")
    own = of("a", "own", None)
    given = [other, of("a", "one"), own, of("b", None), of("b", "three"), of("c", "four")]
    first, grouped, third = group_not_evaluated(given)
    assert (first, third) == (other, own)
    assert grouped.severity is Severity.ERROR
    assert grouped.message == (
        "4 checks of 3 tables were not evaluated, because they are SQL of PostgreSQL: one of a: it uses lower; "
        "a check of b: it uses lower; three of b: it uses lower; and 1 more."
    )
    assert (grouped.table, grouped.columns, grouped.details["count"]) == (None, (), 4)
    assert grouped.details["checks"] == [
        {"table": table, "check": name, "reason": "it uses lower"}
        for table, name in (("a", "one"), ("b", None), ("b", "three"), ("c", "four"))
    ]


def test_what_was_not_evaluated_before_either_is_told_from_what_is_new() -> None:
    old = [replace(of("a", name), severity=Severity.WARNING) for name in ("one", "two")]
    found = group_not_evaluated([*old, of("b", "three")])
    assert [(one.severity, one.table) for one in found] == [(Severity.WARNING, "a"), (Severity.ERROR, "b")]


def test_a_single_condition_keeps_its_own_finding() -> None:
    assert group_not_evaluated([of("a", "one")]) == [of("a", "one")]
