"""The words for rules that all formats of contracts share."""

from collections.abc import Iterable

from tdmvc.model.contract_changes import ContractChange, ContractDiff, Party
from tdmvc.model.contract_report import ContractImport
from tdmvc.model.finding import Severity
from tdmvc.model.rule_words import demand_words, threshold_words
from tdmvc.model.rules import NO_ROWS, RowCount, Rule
from tdmvc.model.text import plural
from tdmvc.render.cells import visible


def short_demand(rule: Rule) -> str:
    """Return what a rule demands, visible, without the table's name in front."""
    words = demand_words(rule).removeprefix(f"{rule.table}.")
    # A column may have the name of its table.
    return visible(words if rule.columns else words.removeprefix(f"{rule.table} "))


def allowance(rule: Rule) -> str:
    """Return how much of its violation a rule allows, and how severe it is; empty for an error on any row."""
    words = [] if rule.severity is Severity.ERROR else [rule.severity.value]
    if rule.threshold != NO_ROWS and not isinstance(rule.test, RowCount):
        words.append(f"allowed: {threshold_words(rule.threshold)}")
    return ", ".join(words)


def place_of(rule: Rule, path: str) -> str:
    """Return where a rule is declared: only the line in the contract's own file."""
    if rule.place is None:
        return ""
    shown = str(rule.place)
    return f"line {rule.place.line}" if rule.place.path == path and rule.place.line else shown


def parties(breaks: Iterable[Party]) -> str:
    """Return whom a change may break: `breaks producers and consumers`; empty if nobody."""
    found = [party.value for party in Party if party in set(breaks)]
    return f"breaks {' and '.join(found)}" if found else ""


def diff_verdict(diff: ContractDiff) -> tuple[str, str]:
    """Return the answer in a word or two, and its details."""
    if not diff.changes:
        return "Same", "both contracts demand the same"
    word = "Breaking" if diff.breaks else "Compatible"
    whom = f"may break {' and '.join(p.value for p in Party if p in diff.breaks)}" if diff.breaks else ""
    bump = f"calls for a {diff.bump.level} version" if diff.bump.level.rank else "calls for no new version"
    return word, "; ".join(part for part in (whom, bump) if part)


def by_table(changes: Iterable[ContractChange]) -> dict[str | None, list[ContractChange]]:
    """Return the changes by table, in their order; those of the whole contract under None."""
    found: dict[str | None, list[ContractChange]] = {}
    for change in changes:
        found.setdefault(change.table, []).append(change)
    return found


def import_verdict(report: ContractImport) -> tuple[str, str]:
    """Return whether a contract changed, and how much."""
    counts = [(report.changes, "change"), (report.conflicts, "conflict"), (report.left_out, "left-out table")]
    words = ", ".join(plural(len(found), word) for found, word in counts if found)
    if report.is_written:
        return "Imported", words
    if report.changes:
        return "Would import", words
    return "Nothing new", words or "the contract demands all of it already"
