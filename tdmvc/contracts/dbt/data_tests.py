"""A data test of dbt as its entry says: name, arguments, severity and what number of failures is allowed."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tdmvc.model.finding import Severity
from tdmvc.model.rules import NO_ROWS, Operator, Threshold
from tdmvc.yaml.node import YamlNode

_CONFIG: Final = frozenset({"severity", "warn_if", "error_if", "where", "limit", "fail_calc", "enabled"})
_FOR_PEOPLE: Final = frozenset(
    {"name", "description", "tags", "meta", "alias", "group", "docs", "store_failures", "store_failures_as"}
    | {"schema", "database"}
)
_CONDITION = re.compile(r"\s*(=|==|!=|<>|>=|<=|>|<)\s*([0-9]{1,18})\s*")
_ALLOWED: Final = {
    "=": Operator.NOT_EQUAL,
    "==": Operator.NOT_EQUAL,
    "!=": Operator.EQUAL,
    "<>": Operator.EQUAL,
    ">": Operator.LESS_OR_EQUAL,
    ">=": Operator.LESS,
    "<": Operator.GREATER_OR_EQUAL,
    "<=": Operator.GREATER,
}
"""What is allowed if a number of failures for which an operator holds fails the test."""
_FAILS: Final = "!= 0"


class UnreadTestError(Exception):
    """A test cannot be checked here; the text says why, as a clause."""


@dataclass(frozen=True, slots=True)
class DataTest:
    """A test of a model or of one of its columns."""

    node: YamlNode
    kind: str
    """The test's own name: `not_null`, `dbt_utils.accepted_range`."""
    arguments: dict[str, YamlNode]
    config: dict[str, YamlNode]
    name: str | None = None
    """The name that the entry gives it."""

    def argument(self, name: str) -> YamlNode:
        """Return an argument.

        Raises:
            ConfigError: it is missing.
        """
        found = self.arguments.get(name)
        if found is None or found.is_null:
            raise self.node.error(f"The test {self.kind} lacks '{name}'.", remedy=f"add '{name}:'.")
        return found

    def only(self, *known: str) -> None:
        """Raise an error if there are other arguments than those that the test has."""
        for name, node in self.arguments.items():
            if name not in known:
                has = f"it has: {', '.join(known)}." if known else "it has none."
                raise node.error(f"The test {self.kind} has no argument '{name[:80]}'.", remedy=has)

    @property
    def where(self) -> str | None:
        """The condition that the rows meet that are tested."""
        node = self.config.get("where")
        return None if node is None or node.is_null else sql_of(node)

    def thresholds(self) -> list[tuple[Severity, Threshold]]:
        """Return what is allowed, for errors and for warnings.

        Raises:
            ConfigError: the severity is unknown.
            UnreadTestError: a condition is more than a comparison with a number.
        """
        severity = self._text("severity") or "error"
        if severity.lower() not in ("error", "warn"):
            raise self.config["severity"].error(
                f"The severity '{severity[:80]}' is unknown.", remedy="write error or warn."
            )
        warning = _allowed(self._text("warn_if") or _FAILS)
        if severity.lower() == "warn":
            return [(Severity.WARNING, warning)]
        error = _allowed(self._text("error_if") or _FAILS)
        return [(Severity.ERROR, error), *([(Severity.WARNING, warning)] if warning != error else [])]

    def _text(self, key: str) -> str | None:
        node = self.config.get(key)
        return None if node is None or node.is_null else node.as_text()

    def check_counted(self) -> None:
        """Raise an error if failures are counted in a way of its own."""
        if (calc := self._text("fail_calc")) is not None and calc.replace(" ", "") != "count(*)":
            raise UnreadTestError("its fail_calc counts in a way of its own")
        if self._text("limit") is not None:
            raise UnreadTestError("its limit leaves failures out")

    @property
    def is_enabled(self) -> bool:
        node = self.config.get("enabled")
        return node is None or not (isinstance(node.value, str) and node.value.lower() == "false")


def read_data_test(node: YamlNode) -> DataTest:
    """Return a test as its entry says, in any of dbt's forms.

    Raises:
        ConfigError: it is neither a name nor a mapping that has one.
    """
    if node.is_text:
        return DataTest(node, node.as_text(), {}, {})
    entries = dict(node.entries())
    if "test_name" in entries:
        kind = entries.pop("test_name").as_text()
        inner: dict[str, YamlNode] = {}
    else:
        kinds = [key for key in entries if key not in _CONFIG | _FOR_PEOPLE | {"config", "arguments"}]
        if len(kinds) != 1:
            raise node.error("Expected the name of one test here.", remedy="write `- not_null`, for example.")
        kind = kinds[0]
        own = entries.pop(kind)
        if not own.is_null and not own.is_mapping:
            raise own.error(f"Expected the arguments of {kind} here.", remedy="write `argument: value`.")
        inner = dict(own.entries())
        node = own
    found = entries | inner
    config = dict(found.pop("config").entries()) if "config" in found else {}
    config |= {key: found.pop(key) for key in list(found) if key in _CONFIG}
    arguments = dict(found.pop("arguments").entries()) if "arguments" in found else {}
    name = found.get("name")
    arguments |= {key: value for key, value in found.items() if key not in _FOR_PEOPLE}
    return DataTest(node, kind, arguments, config, name.as_text() if name is not None else None)


def unknown_config(test: DataTest) -> list[tuple[str, YamlNode]]:
    """Return the entries of a test's configuration that dbt's tests do not have."""
    return [(key, node) for key, node in test.config.items() if key not in _CONFIG | _FOR_PEOPLE]


def sql_of(node: YamlNode) -> str:
    """Return an SQL expression.

    Raises:
        UnreadTestError: it is a template, which only dbt fills in.
    """
    text = node.as_text()
    if "{{" in text or "{%" in text or "{#" in text:
        raise UnreadTestError("it is a Jinja template, which only dbt fills in")
    return text.strip()


def _allowed(condition: str) -> Threshold:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise UnreadTestError(f"'{condition[:80]}' is no comparison with a number")
    allowed = Threshold(_ALLOWED[found[1]], (Decimal(found[2]),))
    return NO_ROWS if allowed == Threshold(Operator.LESS_OR_EQUAL, (Decimal(0),)) else allowed
