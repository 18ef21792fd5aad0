"""Resolves what needs the whole script: references without columns, and rules of domains."""

import re
from dataclasses import replace

from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.made import Made
from tdmvc.contracts.ddl.script import DdlScript
from tdmvc.contracts.tables import TableBuilder
from tdmvc.model.declarations import Check, TypeKind
from tdmvc.model.rules import Condition
from tdmvc.model.schema import Column
from tdmvc.sql.quoting import quote_name


def finish(made: Made) -> None:
    """Resolve what needs the whole script: references without columns, and rules of enums and domains."""
    for table in made.tables.values():
        resolved = []
        for reference in table.references:
            target = made.table(reference.table)
            if target is None:
                table.note(
                    table.node,
                    f"{table.name} has a reference to {reference.table}, which the script does not make.",
                )
            else:
                to = reference.to or target.key
                to = tuple(made.own_column(target, name) for name in to)
                node = table.place(reference.columns, "references")
                target.check_names(to, node)
                if len(to) != len(reference.columns):
                    raise node.error(f"The reference to {target.name} has another number of columns.")
                reference = replace(reference, table=target.name, to=to)
            if reference.to:
                resolved.append(reference)
        table.references = resolved
        table.indexes.sort(key=lambda one: one.name)
        for column in table.columns.values():
            _add_type_rules(column, table, made)


def _add_type_rules(column: Column, table: TableBuilder, made: Made) -> None:
    """Add what the type of a column demands of its values beyond the canonical type."""
    node = table.place((column.name,), "length")
    for one in column.user_types:
        if one.kind is TypeKind.DOMAIN and one.definition is not None:
            for expression in _domain_checks(one.definition):
                condition = re.sub(r"\bVALUE\b", lambda _: quote_name(column.name), expression)
                table.add_rule(
                    node, (column.name,), one.name, Condition(Check(condition, None, made.dialect))
                )


def _domain_checks(definition: str) -> list[str]:
    script = DdlScript(definition, "postgresql")
    found = []
    for statement in script.statements():
        cursor = Cursor(script, statement.tokens, "")
        while cursor.has_more:
            if cursor.take("CHECK"):
                found.append(cursor.expression())
            else:
                cursor.next()
    return found
