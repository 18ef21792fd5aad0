"""Reads literals from Python source, even with old syntax, without running it."""

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import unreadable
from tdmvc.migrations.text import refuse_conflict, with_lines

MAX_DEPTH: Final = 50
"""How deeply a literal may be nested; people do not write deeper ones."""

MAX_EXPRESSION: Final = 200_000
"""How many characters the fallback reads of one expression, and how long a sum may become."""


class NotLiteral:
    """The value of an expression that would have to run."""

    def __repr__(self) -> str:
        return "NOT_LITERAL"


NOT_LITERAL: Final = NotLiteral()

Value = str | int | bool | None | tuple["Value", ...] | NotLiteral
"""The value of a literal; lists and sets become tuples."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """An expression that is assigned to a name, and its line."""

    expression: ast.expr
    line: int

    def error(self, path: str, why: str) -> MigrationsError:
        """Build the error for a file in which this expression is not the literal that the tool needs."""
        remedy = "write a literal, as the tool's own template does; tdmvc never runs migrations."
        return unreadable(path, why, line=self.line, remedy=remedy)


@dataclass(frozen=True, slots=True)
class PythonSource:
    """One Python file: its syntax tree, or only its text if the syntax is too old."""

    text: str
    module: ast.Module | None
    fault: str = ""
    """Why there is no syntax tree."""
    fault_line: int | None = None

    @property
    def docstring(self) -> str | None:
        """The first line of the module's docstring."""
        if self.module is None:
            return None
        lines = (ast.get_docstring(self.module) or "").strip().splitlines()
        return lines[0].strip() if lines else None

    def error(self, path: str) -> MigrationsError:
        """Build the error for a file whose migration cannot be read without a syntax tree."""
        return unreadable(path, f"it is not Python ({self.fault})", line=self.fault_line)


def parse_source(text: str) -> PythonSource:
    """Parse a file; never raises."""
    module, fault, line = _parse(text, "exec")
    return PythonSource(text, module if isinstance(module, ast.Module) else None, fault, line)


def parse_migration(path: str, text: str) -> PythonSource:
    """Parse a file of a migration.

    Raises:
        MigrationsError: it contains a merge conflict.
    """
    source = parse_source(text)
    if source.module is None:
        refuse_conflict(path, text)
    return source


def module_assignments(source: PythonSource) -> dict[str, Assigned]:
    """Return the expression of each name at the top level, with or without annotation; the last one wins."""
    if source.module is not None:
        return assignments(source.module.body)
    found = re.finditer(r"^([A-Za-z_]\w*)[ \t]*(?::[^=\n]*)?=(?!=)", source.text, re.MULTILINE)
    return _searched(source.text, found)


def assignments(body: list[ast.stmt]) -> dict[str, Assigned]:
    """Return the expression that the statements of one block assign to each name."""
    found: dict[str, Assigned] = {}
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                _assign(found, target, statement.value, statement.lineno)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            _assign(found, statement.target, statement.value, statement.lineno)
    return found


def class_assignments(source: PythonSource, name: str) -> dict[str, Assigned] | None:
    """Return the assignments in the body of a top-level class, or None if there is no such class."""
    if source.module is not None:
        for statement in source.module.body:
            if isinstance(statement, ast.ClassDef) and statement.name == name:
                return assignments(statement.body)
        return None
    start = re.search(rf"^class[ \t]+{re.escape(name)}\b", source.text, re.MULTILINE)
    if start is None:
        return None
    pattern = re.compile(r"^[ \t]+([A-Za-z_]\w*)[ \t]*=(?!=)", re.MULTILINE)
    return _searched(source.text, pattern.finditer(source.text, start.end()))


def evaluate(expression: ast.expr, names: dict[str, Assigned]) -> Value:
    """Return the value of a literal; names are looked up, and what would have to run is `NOT_LITERAL`."""
    return _evaluate(expression, names, {}, 0)


def _evaluate(expression: ast.expr, names: dict[str, Assigned], known: dict[str, Value], depth: int) -> Value:
    """Evaluate with the `known` values of names: evaluating each once avoids exponential time."""
    if depth > MAX_DEPTH:
        return NOT_LITERAL
    match expression:
        case ast.Constant(value=str() | int() | None as value):
            return value
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return tuple(_evaluate(item, names, known, depth + 1) for item in items)
        case ast.Name(id=name) if name in names:
            if name not in known:
                known[name] = _evaluate(names[name].expression, names, known, depth + 1)
            return known[name]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _sum(_evaluate(left, names, known, depth + 1), _evaluate(right, names, known, depth + 1))
    return NOT_LITERAL


def _sum(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= MAX_EXPRESSION else NOT_LITERAL
    if isinstance(left, tuple) or isinstance(right, tuple):
        before = left if isinstance(left, tuple) else (NOT_LITERAL,)
        after = right if isinstance(right, tuple) else (NOT_LITERAL,)
        return before + after if len(before) + len(after) <= MAX_EXPRESSION else NOT_LITERAL
    return NOT_LITERAL


def _assign(found: dict[str, Assigned], target: ast.expr, value: ast.expr, line: int) -> None:
    if isinstance(target, ast.Name):
        found[target.id] = Assigned(value, line)
    elif (
        isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
    ):
        for name, part in zip(target.elts, value.elts, strict=True):
            if isinstance(name, ast.Name):
                found[name.id] = Assigned(part, line)


def _parse(text: str, mode: str) -> tuple[ast.AST | None, str, int | None]:
    with warnings.catch_warnings():
        # An invalid escape in a migration is not worth a warning here.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text, mode=mode), "", None
        except SyntaxError as error:
            return None, error.msg or "the syntax is wrong", error.lineno
        except (ValueError, RecursionError, MemoryError) as error:
            return None, str(error) or type(error).__name__, None


_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|#[^\n]*|\\\r?\n|\n|[()\[\]{}]",
    re.DOTALL,
)


def _searched(text: str, found: Iterator[re.Match[str]]) -> dict[str, Assigned]:
    """Read the expression after each found name separately; what cannot be parsed is left out."""
    result: dict[str, Assigned] = {}
    end = -1
    for match, line in with_lines(text, found):
        if match.start() < end:
            continue
        end = _expression_end(text, match.end())
        tree, _, _ = _parse(text[match.end() : end].strip(), "eval")
        if isinstance(tree, ast.Expression):
            result[match[1]] = Assigned(tree.body, line)
    return result


def _expression_end(text: str, start: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(text, start, start + MAX_EXPRESSION):
        mark = token[0]
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        elif mark == "\n" and depth <= 0:
            return token.start()
    return min(len(text), start + MAX_EXPRESSION)


Visitor = Callable[[ast.Call], bool]
"""Gets a call and returns whether its arguments need no visit."""


def visit_calls(
    roots: list[ast.stmt], visit: Visitor, *, skipped_functions: frozenset[str] = frozenset()
) -> None:
    """Pass every call below the statements to `visit`, in any order, without recursion."""
    stack: list[ast.AST] = list(roots)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call) and visit(node):
            continue
        if isinstance(node, ast.FunctionDef) and node.name in skipped_functions:
            continue
        # Like ast.iter_child_nodes, but without leaves, which are most of a tree and contain no call.
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                stack.extend(
                    item for item in value if isinstance(item, ast.AST) and not isinstance(item, _LEAVES)
                )
            elif isinstance(value, ast.AST) and not isinstance(value, _LEAVES):
                stack.append(value)


_LEAVES = (ast.Constant, ast.Name, ast.expr_context, ast.operator, ast.alias)
