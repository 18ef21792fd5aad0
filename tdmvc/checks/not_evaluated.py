"""Says in one finding which conditions of a server were not evaluated, however many a dataset has."""

from collections.abc import Iterable
from dataclasses import replace

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.text import plural
from tdmvc.sql.portable import engine_name

NOT_EVALUATED = "check-not-evaluated"
_SHOWN = 3


def group_not_evaluated(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with one for all conditions of a server that are as bad, in the place of the first; others stay.

    The details have the number of the conditions as `count`, and each one's table, name and reason as `checks`.
    """
    kept: list[Finding] = []
    groups: dict[tuple[str, Severity], tuple[int, list[Finding]]] = {}
    for finding in findings:
        if finding.rule != NOT_EVALUATED or "server" not in finding.details:
            kept.append(finding)
            continue
        group = str(finding.details["server"]), finding.severity
        if group not in groups:
            groups[group] = len(kept), []
            kept.append(finding)
        groups[group][1].append(finding)
    for (dialect, _), (place, found) in groups.items():
        if len(found) > 1:
            kept[place] = _grouped(dialect, found)
    return kept


def _grouped(dialect: str, found: list[Finding]) -> Finding:
    tables = dict.fromkeys(finding.table for finding in found)
    shown = "; ".join(
        f"{finding.details['check'] or 'a check'} of {finding.table}: {finding.details['reason']}"
        for finding in found[:_SHOWN]
    )
    more = len(found) - _SHOWN
    return replace(
        found[0],
        table=None if len(tables) > 1 else found[0].table,
        columns=(),
        message=f"{plural(len(found), 'check')} of {plural(len(tables), 'table')} were not evaluated, because they are "
        f"SQL of {engine_name(dialect)}: {shown}{f'; and {more} more' if more > 0 else ''}.",
        details={
            "server": dialect,
            "count": len(found),
            "checks": [{"table": one.table, **_without_server(one)} for one in found],
        },
    )


def _without_server(finding: Finding) -> dict[str, object]:
    return {name: value for name, value in finding.details.items() if name != "server"}
