"""Things by name, each of a class whose module is imported when somebody first asks for it."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TypeVar

MadeT = TypeVar("MadeT")


class Registry(Mapping[str, MadeT]):
    """The one object of each class, by name, in the order of registration.

    A command needs one or two of many, and should not wait for the others to be imported.
    """

    def __init__(
        self, package: str, classes: Mapping[str, str], on_made: Callable[[MadeT], object] = id
    ) -> None:
        """Register classes without arguments.

        Args:
            package: the one that the modules are in.
            classes: `"name": "module.Class"`.
            on_made: told of each object when it is made.
        """
        self._package = package
        self._classes = classes
        self._on_made = on_made
        self._made: dict[str, MadeT] = {}

    def __getitem__(self, name: str) -> MadeT:
        if name not in self._made:
            module, _, class_name = self._classes[name].rpartition(".")
            self._made[name] = getattr(import_module(f"{self._package}.{module}"), class_name)()
            self._on_made(self._made[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)
