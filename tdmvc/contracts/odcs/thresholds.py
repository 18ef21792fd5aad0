"""Reads how much violation a quality rule allows, and how much one matters."""

from tdmvc.contracts.scalars import read_number
from tdmvc.model.finding import Severity
from tdmvc.model.rules import Operator, Threshold
from tdmvc.yaml.node import YamlNode

OPERATORS = tuple(operator.value for operator in Operator)
_BETWEEN = (Operator.BETWEEN, Operator.NOT_BETWEEN)
_SEVERITIES = {
    **dict.fromkeys(("error", "critical", "blocker", "fatal", "major", "high"), Severity.ERROR),
    **dict.fromkeys(("warning", "warn", "medium", "moderate", "minor"), Severity.WARNING),
    **dict.fromkeys(("info", "information", "informational", "low", "notice"), Severity.INFO),
}


def read_severity(rule: YamlNode) -> Severity | None:
    """Return how much a violation matters; None if the word is not known here."""
    return _SEVERITIES.get((rule.text("severity") or "error").strip().lower())


def read_threshold(rule: YamlNode, *, is_percent: bool = False) -> Threshold | None:
    """Return the measured numbers that a rule allows; None if it has no operator.

    Raises:
        ConfigError: it has two, or what follows one is not a number, or not two of them.
    """
    found = [Operator(key) for key, node in rule.entries() if key in OPERATORS and not node.is_null]
    if len(found) > 1:
        raise rule.need(found[1].value).error(
            f"The rule has two operators, {found[0].value} and {found[1].value}.",
            remedy="keep one; mustBeBetween has two numbers.",
        )
    if not found:
        return None
    operator = found[0]
    node = rule.need(operator.value)
    if operator not in _BETWEEN:
        number = {"true": "1", "false": "0"}.get(str(node.value).lower()) if node.is_plain else None
        plain = YamlNode(node.path, node.line, node.key, number, is_plain=True) if number else node
        return Threshold(operator, (read_number(plain),), is_percent)
    numbers = tuple(read_number(one) for one in node.elements())
    if len(numbers) != 2 or numbers[0] >= numbers[1]:
        raise node.error(
            f"{operator.value} needs two numbers, the smaller one first.",
            remedy=f"write `{operator.value}: [0, 10]`.",
        )
    return Threshold(operator, numbers, is_percent)


def read_is_percent(rule: YamlNode) -> bool:
    """Whether the number of a rule of the library is a share of all rows.

    Raises:
        ConfigError: the unit is another one.
    """
    unit = (rule.text("unit") or "rows").strip().lower()
    if unit in ("rows", "row"):
        return False
    if unit in ("percent", "%"):
        return True
    raise rule.need("unit").error(f"The unit '{unit[:80]}' is unknown here.", remedy="write rows or percent.")
