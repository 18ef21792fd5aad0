"""Rules of CONTRIBUTING.md about the package itself that no other tool checks."""

import re
from collections import defaultdict
from pathlib import Path

import tdmvc

_CLASS = re.compile(r"^class ([A-Za-z]\w*)", re.MULTILINE)


def test_each_class_name_appears_once_in_the_package() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    package = Path(tdmvc.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for name in _CLASS.findall(path.read_text(encoding="utf-8")):
            found[name].append(str(path.relative_to(package)))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}
