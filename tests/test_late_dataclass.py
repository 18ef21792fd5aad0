"""Dataclasses whose methods are written late behave as the standard library's do."""

import copy
import dataclasses
import pickle
import re
import threading
from dataclasses import field
from pathlib import Path
from typing import Any

import pytest

import tdmvc
from tdmvc.late_dataclass import _FEW, _write_init
from tdmvc.late_dataclass import _dataclass as late


class Fields:
    """Gives every kind of field that tdmvc's classes have."""

    name: str
    size: "int | None" = None
    marks: dict[str, int] = field(default_factory=dict)
    secret: str = field(default="s", repr=False)
    note: str = field(default="", compare=False)


class One:
    only: int


class Empty:
    pass


def copied(cls: type) -> type:
    """Return the class once more, as a decorator may be applied only once."""
    return type(
        cls.__name__, (), {k: v for k, v in cls.__dict__.items() if k not in {"__dict__", "__weakref__"}}
    )


def alike(cls: type, *, frozen: bool = False) -> list[Any]:
    """Return the standard library's class, ours, and ours after many objects."""
    how = {"slots": True, "frozen": frozen}
    standard = dataclasses.dataclass(**how)(copied(cls))
    ours, worn = late(**how)(copied(cls)), late(**how)(copied(cls))
    worn.__init__ = _write_init(worn, frozen=frozen)
    return [standard, ours, worn]


FROZEN = alike(Fields, frozen=True)
OPEN = alike(Fields)
# `pickle` finds a class by its name.
Pickled = late(slots=True, frozen=True)(copied(Fields))
Pickled.__qualname__ = "Pickled"


@pytest.mark.parametrize("kinds", [FROZEN, OPEN])
def test_it_makes_compares_prints_and_replaces_as_the_standard_library_does(kinds: list[Any]) -> None:
    said = []
    for cls in kinds:
        a, b = cls("a"), cls("a", None, {}, secret="s", note="of no account")
        c = dataclasses.replace(b, size=3, secret="t")
        match c:
            case cls(name, size):
                matched = (name, size)
        with pytest.raises(TypeError, match="name"):
            cls()
        with pytest.raises(TypeError, match="other"):
            cls("a", other=1)
        with pytest.raises(TypeError, match=r"\.__init__\(\)"):
            cls(1, 2, 3, 4, 5, 6)
        assert a.marks is not cls("b").marks
        said.append(
            [
                [a == b, a != b, a == c, a == "a", c == a, {a.name: 1} == {b.name: 1}],
                [repr(a), repr(c), matched],
                [dataclasses.asdict(c), dataclasses.astuple(c), cls.__match_args__, cls.__slots__],
                [(f.name, f.type, f.default, f.compare, f.repr) for f in dataclasses.fields(cls)],
                [copy.copy(c) == c, copy.deepcopy(c) == c, copy.copy(c).secret],
            ]
        )
    assert said[0] == said[1] == said[2]


def test_frozen_objects_refuse_changes_and_have_a_hash() -> None:
    for cls in FROZEN:
        value = cls("a", marks=())
        assert hash(value) == hash(cls("a", marks=(), note="of no account"))
        for change in (lambda v: setattr(v, "name", "b"), lambda v: delattr(v, "name")):
            with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
                change(value)
        with pytest.raises((AttributeError, TypeError)):
            value.more = 1
        with pytest.raises(TypeError, match="unhashable"):
            hash(cls("a"))


def test_other_objects_can_be_changed_and_have_no_hash() -> None:
    for cls in OPEN:
        value = cls("a")
        value.size = 4
        assert value == cls("a", 4)
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)
        with pytest.raises(AttributeError):
            value.more = 1


def test_what_a_class_does_after_init_is_done_for_every_object() -> None:
    class Counted:
        of: list[int]
        count: int = field(init=False)

        def __post_init__(self) -> None:
            self.of.append(len(self.of))
            object.__setattr__(self, "count", len(self.of))

    for cls in alike(Counted, frozen=True):
        seen: list[int] = []
        assert [cls(seen).count, cls(of=seen).count] == [1, 2]
        assert seen == [0, 1]
        assert cls.__match_args__ == ("of",)


def test_classes_of_one_field_and_of_none() -> None:
    for cls in alike(One, frozen=True):
        assert cls(1) == cls(1) != cls(2)
        assert hash(cls(1)) == hash((1,))
        assert repr(cls(1)) == "One(only=1)"
    for cls in alike(Empty, frozen=True):
        assert cls() == cls()
        assert hash(cls()) == hash(())
        assert repr(cls()) == "Empty()"


def test_objects_of_two_classes_are_not_equal() -> None:
    first, second = late(slots=True)(copied(One)), late(slots=True)(copied(One))
    assert first(1) != second(1)
    identical = late(slots=True, eq=False)(copied(One))
    assert identical(1) != identical(1)


def test_an_object_that_holds_itself_is_printed() -> None:
    texts = []
    for cls in OPEN:
        value = cls("a")
        value.size = value
        texts.append(repr(value))
    assert texts[0] == texts[1] == texts[2]


def test_a_frozen_object_survives_pickle() -> None:
    value = Pickled("a", 3, {"x": 1})
    assert pickle.loads(pickle.dumps(value)) == value


def test_several_threads_make_the_first_objects() -> None:
    for _ in range(50):
        cls = late(slots=True, frozen=True)(copied(Fields))
        made: list[Any] = []
        start = threading.Barrier(4)

        def make(cls: Any = cls, made: list[Any] = made, start: threading.Barrier = start) -> None:
            start.wait()
            made.extend(cls("a", 1) for _ in range(_FEW))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [cls("a", 1)] * 4 * _FEW


def test_what_is_not_written_here_is_refused() -> None:
    def with_(**names: Any) -> type:
        return type("Odd", (), {"__annotations__": {"only": int}} | names)

    base = late(slots=True)(copied(One))
    for odd in (
        with_(__eq__=lambda self, other: True),
        with_(__init__=lambda self: None),
        with_(only=field(kw_only=True)),
        with_(only=field(init=False, default=1)),
        with_(only=field(hash=False)),
        type("Odd", (base,), {"__annotations__": {"more": int}}),
    ):
        with pytest.raises(TypeError, match="Odd"):
            late(slots=True)(odd)


def test_tdmvc_has_no_other_dataclasses() -> None:
    taken = re.compile(r"^ *from dataclasses import .*\bdataclass\b|dataclasses\.dataclass\(", re.MULTILINE)
    package = Path(tdmvc.__file__).parent
    users = [path.name for path in package.rglob("*.py") if taken.search(path.read_text("utf-8"))]
    assert users == ["late_dataclass.py"]
