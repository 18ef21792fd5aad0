"""The standard library's dataclasses, whose methods are not compiled class by class.

`@dataclass(frozen=True, slots=True)` of the standard library writes and compiles six methods a
class, which takes 0.4 ms; a command imports some sixty such classes, and makes objects of
a third of them. Here the standard library only collects the fields (0.03 ms), so `fields`,
`replace`, `asdict` and `match` work as ever. Objects are compared, hashed and printed by what
all classes share, and `__init__` is written, as the standard library would write it, when a
class has had its first few objects.

For mypy this is the standard library's decorator.
"""

import dataclasses
from collections.abc import Callable, Iterable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar

_Class = TypeVar("_Class", bound=type)


def _dataclass(*, slots: bool, frozen: bool = False, eq: bool = True) -> Callable[[_Class], _Class]:
    """Make a class a dataclass, as the standard library's decorator of the same name does.

    Args:
        slots: must be true.

    Raises:
        TypeError: the class asks for what is not done here: a base class that is a dataclass,
            fields that are keyword-only, or methods of its own for what is added.
    """

    def made(cls: _Class) -> _Class:
        # The standard library writes a signature where there is no docstring, which takes longer than all the rest.
        cls.__doc__ = cls.__doc__ or f"{cls.__name__}(…)"
        light: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
        fields = dataclasses.fields(light)
        _refuse_the_unusual(light, fields)
        light.__init__ = _init_written_late(light, frozen=frozen)
        light.__repr__ = _repr(tuple(f.name for f in fields if f.repr))
        if eq:
            values = _tuple_of(tuple(f.name for f in fields if f.compare))
            light.__eq__ = _eq(values)
            light.__hash__ = _hash(values) if frozen else None
        if frozen:
            light.__setattr__, light.__delattr__ = _refuse_to_set, _refuse_to_delete
            light.__getstate__, light.__setstate__ = _get_state, _set_state
        return light  # type: ignore[no-any-return]

    return made


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    dataclass = _dataclass


_FEW = 10
"""So many objects are filled sooner than an `__init__` is compiled."""
_ADDED = frozenset({"__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"})


def _refuse_the_unusual(cls: type, fields: Iterable["dataclasses.Field[Any]"]) -> None:
    own = _ADDED & cls.__dict__.keys()
    if own:
        raise TypeError(f"{cls.__name__} has its own {', '.join(sorted(own))}.")
    if any(dataclasses.is_dataclass(base) for base in cls.__mro__[1:]):
        raise TypeError(f"{cls.__name__} extends a dataclass.")
    for field in fields:
        is_bare = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if field.kw_only or field.hash is not None or not (field.init or is_bare):
            raise TypeError(f"{cls.__name__}.{field.name} is of a kind that is not written here.")


def _init_written_late(cls: Any, *, frozen: bool) -> Callable[..., None]:
    fields = dataclasses.fields(cls)
    left = _FEW

    def __init__(self: object, *args: object, **kwargs: object) -> None:
        nonlocal left
        left -= 1
        if left < 0 or not _fill(self, fields, args, kwargs):
            # Two threads that come here at once write the same text twice.
            cls.__init__ = _write_init(cls, frozen=frozen)
            cls.__init__(self, *args, **kwargs)

    return __init__


def _fill(
    self: object,
    fields: Iterable["dataclasses.Field[Any]"],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> bool:
    """Set the fields of an object; return whether that was possible and is all there is to do."""
    given = dict(zip((field.name for field in fields), args, strict=False)) | kwargs
    if len(given) != len(args) + len(kwargs) or hasattr(self, "__post_init__"):
        return False
    for field in fields:
        if field.name in given:
            value = given.pop(field.name)
        elif field.default is not dataclasses.MISSING:
            value = field.default
        elif field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        else:
            return False
        object.__setattr__(self, field.name, value)
    return not given


def _write_init(cls: type, *, frozen: bool) -> Callable[..., None]:
    """Write and compile a class's `__init__`.

    A frozen object's fields are set by the slots themselves, which is quicker than
    `object.__setattr__`.
    """
    names: dict[str, Any] = {"_MISSING": dataclasses.MISSING}
    parameters, lines = ["self"], []
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        name, value = field.name, field.name
        parameter = name
        if field.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_new_{name}"] = field.default_factory
            parameter = f"{name}=_MISSING"
            value = f"_new_{name}() if {name} is _MISSING else {name}"
        parameters.append(parameter)
        names[f"_set_{name}"] = cls.__dict__[name].__set__
        lines.append(f"_set_{name}(self, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), names)
    init: Callable[..., None] = names["__init__"]
    init.__module__, init.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    return init


def _repr(names: tuple[str, ...]) -> Callable[[object], str]:
    @recursive_repr()
    def __repr__(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _tuple_of(names: tuple[str, ...]) -> Callable[[object], tuple[object, ...]]:
    """Return what gives these fields of an object as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _eq(values: Callable[[object], tuple[object, ...]]) -> Callable[[object, object], bool]:
    def __eq__(self: object, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return __eq__


def _hash(values: Callable[[object], tuple[object, ...]]) -> Callable[[object], int]:
    def __hash__(self: object) -> int:
        return hash(values(self))

    return __hash__


def _refuse_to_set(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: Any) -> list[object]:
    """Give what a copy is made of; a frozen object cannot be filled field by field."""
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: Iterable[object]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
