"""The models that Django's migrations leave behind, without running them."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tdmvc.migrations.python_source import (
    Assigned,
    class_assignments,
    evaluate,
    module_assignments,
    parse_source,
)
from tdmvc.migrations.tools.django.contrib import CONTRIB_MODELS
from tdmvc.model.django_models import (
    FOREIGN_KEYS,
    MANY_TO_MANY,
    NO_DEFAULT,
    DjangoModel,
    DjangoModels,
    ModelField,
)
from tdmvc.model.migration import Migration
from tdmvc.model.tree import FileTree

_USER_MODEL: Final = "AUTH_USER_MODEL"
_WITHOUT_VALUES: Final = frozenset({"GenericForeignKey", "GenericRelation", "TaggableManager"})
_EMPTY: Final[dict[str, object]] = {"dict": {}, "list": []}
"""What callables that migrations name as defaults return."""

Names = Mapping[str, Assigned]


@dataclass(slots=True)
class _Model:
    app: str
    name: str
    table: str | None = None
    fields: dict[str, tuple[ast.Call, Names]] = field(default_factory=dict)

    @property
    def table_name(self) -> str:
        return self.table or f"{self.app}_{self.name.lower()}"


def read_models(tree: FileTree, migrations: Sequence[Migration]) -> DjangoModels:
    """Return the models after all migrations, and those that Django brings along.

    Args:
        migrations: in an order in which they can be applied.

    What would have to run (a field that a function makes) is left out, so that its values stay what a fixture says.
    """
    replaced = {id_ for migration in migrations for id_ in migration.replaces}
    present = [migration for migration in migrations if migration.id not in replaced]
    texts = dict(tree.read_texts(migration.path for migration in present))
    state = _State()
    for migration in present:
        source = parse_source(texts.get(migration.path, ""))
        body = class_assignments(source, "Migration") or {}
        if "operations" in body:
            names = module_assignments(source) | body
            state.apply(migration.id.partition(".")[0], body["operations"].expression, names)
    return state.models()


class _State:
    """The models so far, by label."""

    def __init__(self) -> None:
        self._models: dict[str, _Model] = {}
        self._renamed: dict[str, str] = {}
        self._user_model = "auth.user"

    def apply(self, app: str, operations: ast.expr, names: Names) -> None:
        waiting = [operations]
        while waiting:
            one = waiting.pop()
            if isinstance(one, ast.List | ast.Tuple):
                waiting.extend(reversed(one.elts))
            elif isinstance(one, ast.BinOp):
                waiting.extend([one.right, one.left])
            elif isinstance(one, ast.Name) and one.id in names:
                waiting.append(names[one.id].expression)
            elif isinstance(one, ast.Call):
                if _called(one) == "SeparateDatabaseAndState":
                    inner = _given(one, 1, "state_operations")
                    waiting.extend([inner] if inner is not None else [])
                else:
                    self._operation(app, one, names)

    def _operation(self, app: str, call: ast.Call, names: Names) -> None:
        def text(position: int, keyword: str) -> str:
            return _text(_given(call, position, keyword), names) or ""

        match _called(call):
            case "CreateModel":
                self._create(app, text(0, "name"), call, names)
            case "DeleteModel":
                self._models.pop(f"{app}.{text(0, 'name')}".lower(), None)
            case "RenameModel":
                self._rename(app, text(0, "old_name"), text(1, "new_name"))
            case "AlterModelTable":
                if model := self._models.get(f"{app}.{text(0, 'name')}".lower()):
                    model.table = text(1, "table") or None
            case "AddField" | "AlterField":
                made = _given(call, 2, "field")
                model = self._models.get(f"{app}.{text(0, 'model_name')}".lower())
                if model and text(1, "name"):
                    if isinstance(made, ast.Call):
                        model.fields[text(1, "name")] = (made, names)
                    else:
                        model.fields.pop(text(1, "name"), None)
            case "RemoveField":
                if model := self._models.get(f"{app}.{text(0, 'model_name')}".lower()):
                    model.fields.pop(text(1, "name"), None)
            case "RenameField":
                if model := self._models.get(f"{app}.{text(0, 'model_name')}".lower()):
                    old, new = text(1, "old_name"), text(2, "new_name")
                    model.fields = {new if key == old else key: made for key, made in model.fields.items()}

    def _create(self, app: str, name: str, call: ast.Call, names: Names) -> None:
        if not name:
            return
        model = _Model(app, name)
        options = _options(_given(call, 2, "options"), names)
        if options.get("proxy") is True:
            return
        table = options.get("db_table")
        model.table = table if isinstance(table, str) and table else None
        if options.get("swappable") == _USER_MODEL:
            self._user_model = f"{app}.{name}".lower()
        given = _given(call, 1, "fields")
        for pair in given.elts if isinstance(given, ast.List | ast.Tuple) else ():
            match pair:
                case ast.Tuple(elts=[key, ast.Call() as made]) if one := _text(key, names):
                    model.fields[one] = (made, names)
        self._models[f"{app}.{name}".lower()] = model

    def _rename(self, app: str, old: str, new: str) -> None:
        model = self._models.pop(f"{app}.{old}".lower(), None)
        if model is None:
            return
        self._models[f"{app}.{new}".lower()] = replace(model, name=new)
        self._renamed[f"{app}.{old}".lower()] = f"{app}.{new}".lower()

    def models(self) -> DjangoModels:
        own = [self._model(label, model) for label, model in self._models.items()]
        labels = {model.label for model in own}
        return DjangoModels((*own, *(model for model in CONTRIB_MODELS if model.label not in labels)))

    def _model(self, label: str, model: _Model) -> DjangoModel:
        fields = [
            made
            for name, (call, names) in model.fields.items()
            if _called(call) not in _WITHOUT_VALUES
            for made in self._field(name, call, names, model)
        ]
        return DjangoModel(label, model.table_name, tuple(fields))

    def _field(self, name: str, call: ast.Call, names: Names, model: _Model) -> Iterator[ModelField]:
        kind = _called(call)
        is_many = kind in MANY_TO_MANY
        is_reference = kind in FOREIGN_KEYS
        options = {one.arg: one.value for one in call.keywords if one.arg}
        target = self._target(_given(call, 0, "to"), model, names) if is_many or is_reference else None
        column = _text(options.get("db_column"), names) or (f"{name}_id" if is_reference else name)
        if is_many:
            table = _text(options.get("db_table"), names) or f"{model.table_name}_{name}"
            column = "" if "through" in options else table
        digits = (
            _integer(options.get("max_digits"), names),
            _integer(options.get("decimal_places"), names),
        )
        yield ModelField(
            name,
            kind,
            column,
            is_null=_is_true(options.get("null"), names),
            is_unique=_is_true(options.get("unique"), names) or kind == "OneToOneField",
            is_primary=_is_true(options.get("primary_key"), names),
            max_length=_integer(options.get("max_length"), names) or _USUAL_LENGTHS.get(kind),
            digits=(digits[0], digits[1]) if digits[0] is not None and digits[1] is not None else None,
            target=target,
            default=_default(options.get("default"), names),
        )

    def _target(self, given: ast.expr | None, model: _Model, names: Names) -> str | None:
        if isinstance(given, ast.Attribute) and given.attr == _USER_MODEL:
            return self._user_model
        text = (_text(given, names) or "").lower()
        if text == "self":
            return f"{model.app}.{model.name}".lower()
        label = text if "." in text else f"{model.app}.{text}" if text else ""
        seen: set[str] = set()
        while label in self._renamed and label not in self._models and label not in seen:
            seen.add(label)
            label = self._renamed[label]
        return label or None


_USUAL_LENGTHS: Final = {
    "SlugField": 50,
    "EmailField": 254,
    "URLField": 200,
    "FileField": 100,
    "ImageField": 100,
}


def _options(given: ast.expr | None, names: Names) -> dict[str, object]:
    if not isinstance(given, ast.Dict):
        return {}
    return {
        key.value: evaluate(value, dict(names))
        for key, value in zip(given.keys, given.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def _default(given: ast.expr | None, names: Names) -> object:
    """Return a default as a fixture writes it, or NO_DEFAULT if it would have to run."""
    match given:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Call() if _called(given) == "Decimal" and len(given.args) == 1:
            return _text(given.args[0], names) or NO_DEFAULT
        case ast.Name(id=name):
            return _EMPTY.get(name, NO_DEFAULT)
    return NO_DEFAULT


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", None) or getattr(call.func, "id", ""))


def _given(call: ast.Call, position: int, keyword: str) -> ast.expr | None:
    if position < len(call.args):
        return call.args[position]
    return next((given.value for given in call.keywords if given.arg == keyword), None)


def _text(given: ast.expr | None, names: Names) -> str | None:
    value = evaluate(given, dict(names)) if given is not None else None
    return value if isinstance(value, str) else None


def _integer(given: ast.expr | None, names: Names) -> int | None:
    value = evaluate(given, dict(names)) if given is not None else None
    return value if isinstance(value, int) else None


def _is_true(given: ast.expr | None, names: Names) -> bool:
    return given is not None and evaluate(given, dict(names)) is True
