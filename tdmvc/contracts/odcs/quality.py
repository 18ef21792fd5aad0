"""Reads quality rules: metrics of the standard's library and SQL queries; texts and other tools' rules are noted."""

from collections.abc import Iterator

from tdmvc.contracts.gathering import Gathered, place_of
from tdmvc.contracts.odcs.declarations import read_check, read_unique_key
from tdmvc.contracts.odcs.elements import Documents
from tdmvc.contracts.odcs.metrics import (
    METRICS,
    Where,
    duplicate_columns,
    inner_test,
    read_arguments,
    read_metric,
    value_test,
)
from tdmvc.contracts.odcs.nested import as_rule_test
from tdmvc.contracts.odcs.queries import (
    PlaceholderError,
    PlaceholderNames,
    fill_placeholders,
    has_query,
    row_condition,
)
from tdmvc.contracts.odcs.thresholds import OPERATORS, read_is_percent, read_severity, read_threshold
from tdmvc.errors import did_you_mean
from tdmvc.model.declarations import Check
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    NO_ROWS,
    Condition,
    Query,
    RowCount,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    rule_id,
    short_hash,
)
from tdmvc.sql.tokens import names_in
from tdmvc.yaml.node import YamlNode

_PLAIN_KEYS = frozenset(
    {
        *("id", "name", "description", "type", "metric", "rule", "arguments", "query", "unit", "severity"),
        *("dimension", "businessImpact", "method", "tags", "customProperties", "authoritativeDefinitions"),
        *("schedule", "scheduler", "engine", "implementation", *OPERATORS),
    }
)


def read_rule(rule: YamlNode, where: Where, gathered: Gathered) -> Iterator[Rule]:
    """Yield the rule that an entry of `quality` is; none for one that is only noted, or that the table declares.

    Raises:
        ConfigError: it is wrong.
    """
    kind = _kind(rule, where)
    _check_keys(rule, where)
    if kind == "text":
        gathered.note(rule, f"{_title(rule)} is for people, and not checked{_quoted(rule)}.")
        return
    if kind == "custom":
        engine = rule.need("engine").as_text()
        rule.need("implementation")
        gathered.note(rule, f"{_title(rule)} is a rule of {engine[:80]}, which tdmvc does not run.")
        return
    if read_severity(rule) is None:
        gathered.note(
            rule.need("severity"),
            f"The severity '{rule.text('severity')}' is unknown, and counts as error; write error, warning or info.",
        )
    is_percent = kind == "library" and read_is_percent(rule)
    threshold = read_threshold(rule, is_percent=is_percent) or _default_threshold(rule, where)
    if kind == "sql":
        yield from _read_sql(rule, where, threshold)
    else:
        yield from _read_library(rule, where, threshold, gathered)


def _kind(rule: YamlNode, where: Where) -> str:
    kind = rule.text("type") or "library"
    if kind not in ("library", "sql", "text", "custom"):
        raise rule.need("type").error(
            f"The type '{kind[:80]}' of a quality rule is unknown.",
            remedy="write library, sql, text or custom.",
        )
    if kind == "library" and rule.child("metric") is None and rule.child("rule") is None:
        remedy = (
            "add `type: sql`." if rule.child("query") is not None else f"add a metric: {', '.join(METRICS)}."
        )
        raise rule.error("The quality rule names no metric.", remedy=remedy)
    if kind == "sql" and rule.child("metric") is not None:
        raise rule.need("metric").error(
            "The rule is of type sql, and names a metric.", remedy="keep one of them."
        )
    return kind


def _check_keys(rule: YamlNode, where: Where) -> None:
    for key, node in rule.entries():
        if key in _PLAIN_KEYS or (where.is_old and key in ("validValues", "pattern", "missingValues")):
            continue
        remedy = did_you_mean(key, sorted(_PLAIN_KEYS), "write it in customProperties if it is your own.")
        if any(key in arguments for arguments in METRICS.values()):
            remedy = f"write `arguments: {{{key}: …}}`."
        raise node.error(f"The key '{key}' is unknown in a quality rule.", remedy=remedy)


def _default_threshold(rule: YamlNode, where: Where) -> Threshold:
    """Return the threshold of a rule without an operator, as version 3.0 shows some, which allow no violation."""
    if where.is_old and rule.child("rule") is not None and read_metric(rule) != "rowCount":
        return NO_ROWS
    raise rule.error("The rule has no operator.", remedy="write what is allowed, such as `mustBe: 0`.")


def _read_library(rule: YamlNode, where: Where, threshold: Threshold, gathered: Gathered) -> Iterator[Rule]:
    metric = read_metric(rule)
    arguments = read_arguments(rule, metric, where)
    test: RuleTest | Documents
    columns = where.names
    if metric == "rowCount":
        if where.column is not None:
            raise rule.error(
                "rowCount is a metric of a table.", remedy="move the rule to the table's quality."
            )
        if threshold.is_percent:
            raise rule.need("unit").error(
                "A number of rows has no share of all rows.", remedy="write `unit: rows`."
            )
        test = RowCount()
    elif metric == "duplicateValues":
        columns = duplicate_columns(rule, where, arguments)
        if where.column is None and read_unique_key(rule) is not None:
            return  # the table declares it as a unique key
        if where.inner is not None:
            gathered.note(
                rule, f"{_title(rule)} is not checked: values inside objects and arrays are not compared."
            )
            return
        test = Unique()
    else:
        if where.element is None:
            raise rule.error(
                f"{metric} is a metric of a column.", remedy="move the rule to the column's quality."
            )
        found = value_test(rule, metric, where.element, arguments)
        if found is None:
            gathered.note(rule, f"{_title(rule)} is not checked: nothing says which values are valid.")
            return
        test = found
        if where.inner is not None:
            test = inner_test(where.inner, test)
    word = rule.text("id") or rule.text("name") or metric
    yield _rule(rule, where, columns, as_rule_test(test, is_text=where.is_document), threshold, word)


def _read_sql(rule: YamlNode, where: Where, threshold: Threshold) -> Iterator[Rule]:
    node = rule.need("query")
    query = node.as_text()
    if where.column is None and read_check(rule, where.table) is not None:
        return  # the table declares it as a condition
    if where.inner is not None and not where.inner.is_field:
        raise node.error(
            "A query cannot name an element of an array, a map or a document.",
            remedy="move the rule to the column or the table, and unnest the values there.",
        )
    within = where.inner.names if where.inner is not None else ()
    names = PlaceholderNames(where.table, (*where.names, *within))
    try:
        filled = fill_placeholders(query, names)
    except PlaceholderError as error:
        meaning = "{object} is the table, {property} the column of a rule in a column's quality"
        raise node.error(
            f"The placeholder '{{{error.word}}}' has no meaning here.", remedy=f"{meaning}."
        ) from None
    expression = row_condition(query, where.table)
    is_rows = (rule.text("unit") or "rows").strip().lower() in ("rows", "row")
    test: RuleTest = Query(filled)
    columns = where.names
    if expression is not None and is_rows and not has_query(expression):
        condition = Check(fill_placeholders(expression, names), rule.text("id") or rule.text("name"))
        test = Condition(condition)
        named = names_in(condition.expression, where.columns)
        columns = tuple(name for name in where.columns if name in named)
    word = rule.text("id") or rule.text("name") or f"sql-{short_hash(query)}"
    yield _rule(rule, where, columns, test, threshold, word)


def _rule(
    rule: YamlNode, where: Where, columns: tuple[str, ...], test: RuleTest, threshold: Threshold, word: str
) -> Rule:
    inner = f"{where.inner.word}." if where.inner is not None else ""
    return Rule(
        rule_id(where.table, where.names, inner + word),
        where.table,
        columns,
        test,
        threshold,
        read_severity(rule) or Severity.ERROR,
        description=rule.text("description") or rule.text("name"),
        place=place_of(rule),
    )


def _title(rule: YamlNode) -> str:
    name = rule.text("id") or rule.text("name")
    return f"The quality rule '{name[:80]}'" if name else "The quality rule"


def _quoted(rule: YamlNode) -> str:
    text = " ".join((rule.text("description") or "").split()).rstrip(".")
    return f": {text[:200]}" if text else ""
