"""The order of tables in which each comes after those that it refers to."""

from collections.abc import Iterable, Mapping, Sequence


def order_by_references(refers_to: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the names, each after those that it refers to, as far as cycles allow; ties by name.

    Args:
        refers_to: for each name, others; itself and names that are no key do not count.
    """
    ordered: list[str] = []
    for group in _strongly_connected(
        {
            name: sorted({other for other in others if other in refers_to and other != name})
            for name, others in sorted(refers_to.items())
        }
    ):
        ordered += sorted(group)
    return ordered


def _strongly_connected(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the groups of names that reach each other, each after the groups that it reaches (Tarjan 1972)."""
    numbers: dict[str, int] = {}
    lows: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    groups: list[list[str]] = []
    for root in edges:
        work = [(root, 0)] if root not in numbers else []
        while work:
            name, position = work.pop()
            if position == 0:
                numbers[name] = lows[name] = len(numbers)
                stack.append(name)
                on_stack.add(name)
            if position > 0:
                lows[name] = min(lows[name], lows[edges[name][position - 1]])
            while position < len(edges[name]):
                other = edges[name][position]
                position += 1
                if other not in numbers:
                    work += [(name, position), (other, 0)]
                    break
                if other in on_stack:
                    lows[name] = min(lows[name], numbers[other])
            else:
                if lows[name] == numbers[name]:
                    start = stack.index(name)
                    groups.append(stack[start:])
                    on_stack.difference_update(stack[start:])
                    del stack[start:]
    return groups
