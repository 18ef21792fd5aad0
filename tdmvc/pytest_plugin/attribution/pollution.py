"""Finds the test after which another one fails that passes alone."""

import itertools
from collections.abc import Collection, Sequence

from tdmvc.model.verdict import FailureVerdict, VerdictKind
from tdmvc.pytest_plugin.attribution.runs import Reruns
from tdmvc.pytest_plugin.recording import RanTest
from tdmvc.pytest_plugin.tables import Touched
from tdmvc.render.text import joined, shell_word

_MOST_TOGETHER = 100
_MOST_NEAR = 10
"""How many earlier tests are tried that did not write to the database."""


def judge_order(
    ran: Sequence[RanTest],
    victim: RanTest,
    touched: Touched | None,
    reruns: Reruns,
    known: Collection[str] = (),
) -> FailureVerdict:
    """Return why a test failed that passes alone: an earlier one, or chance.

    Args:
        ran: all tests of the process, in their order.
        touched: the tables that the test uses.
        known: tests after which others fail.

    Raises:
        DatabaseError: a database cannot be reset.
    """
    earlier = list(itertools.takewhile(lambda one: one is not victim, ran))
    writers = sorted(_writers(earlier, victim, touched), key=lambda one: one.test not in known)
    found = _try(writers, victim, reruns) if writers else None
    if found is None:
        # What a process keeps in memory, or in files, survives every reset.
        near = [one for one in reversed(earlier[-_MOST_NEAR:]) if one not in writers[:_MOST_TOGETHER]]
        found = _try(near, victim, reruns) if near else None
    if found is None and not reruns.has_time:
        return FailureVerdict(
            VerdictKind.UNKNOWN,
            "It passes alone; there was no time to find out whether another test or chance made it fail.",
            "give it more time: `-o tdmvc_attribution_seconds=600`",
        )
    if found is None:
        return FailureVerdict(
            VerdictKind.FLAKY,
            "It passes when it is run again with the same rows, alone and after the tests before it.",
            f"look for times, random values, threads and the network; repeat it: `pytest {shell_word(victim.test)}`",
        )
    return found


def _writers(earlier: Sequence[RanTest], victim: RanTest, touched: Touched | None) -> list[RanTest]:
    """Return the tests whose rows the failed test may have found: the likeliest first."""
    found = [
        one
        for one in reversed(earlier)
        if one.resets == victim.resets and (one.touched is None or one.touched.written)
    ]
    return sorted(found, key=lambda one: not _shared(one, touched))


def _shared(writer: RanTest, touched: Touched | None) -> frozenset[str]:
    if writer.touched is None or touched is None:
        return frozenset()
    return writer.touched.written & touched.all


def _try(candidates: Sequence[RanTest], victim: RanTest, reruns: Reruns) -> FailureVerdict | None:
    """Return the verdict if the test fails after candidates, the likeliest of which comes first."""
    if _pollutes(candidates[0], victim, reruns):
        return _verdict(candidates[0], victim)
    # In the order in which they ran.
    together = [*reversed(candidates[:_MOST_TOGETHER])]
    if len(together) == 1 or reruns.together([*together, victim]) is not False:
        return None
    found = _halve(together, victim, reruns)
    if _pollutes(found, victim, reruns):
        return _verdict(found, victim)
    return FailureVerdict(
        VerdictKind.ORDER_DEPENDENT,
        f"It passes alone, and fails after the {len(together)} tests before it, "
        + (
            "but after none of them alone." if reruns.has_time else "and there was no time to find out which."
        ),
        "let each test begin with clean rows: `--tdmvc-reset=test`",
    )


def _halve(candidates: Sequence[RanTest], victim: RanTest, reruns: Reruns) -> RanTest:
    """Return the test after which another one fails, if it is a single one: half of the tests in each step."""
    while len(candidates) > 1:
        half = len(candidates) // 2
        is_in_first = reruns.together([*candidates[:half], victim]) is False
        candidates = candidates[:half] if is_in_first else candidates[half:]
    return candidates[0]


def _pollutes(candidate: RanTest, victim: RanTest, reruns: Reruns) -> bool:
    """Whether a test fails after another one, and does so again: chance must not be blamed on another test."""
    return all(reruns.together([candidate, victim]) is False for _ in range(2))


def _verdict(polluter: RanTest, victim: RanTest) -> FailureVerdict:
    shared = sorted(_shared(polluter, victim.touched))
    is_by_rows = polluter.resets == victim.resets and (polluter.touched is None or polluter.touched.written)
    if is_by_rows:
        how = f"writes to {joined(shared)}, which it uses" if shared else "writes to the database"
        remedy = "let each test begin with clean rows: `--tdmvc-reset=test`; to see it fail: "
        option = " --tdmvc-reset=never"
    else:
        how = "leaves something behind outside the database, such as in a variable of a module or in a file"
        remedy, option = "to see it fail: ", ""
    return FailureVerdict(
        VerdictKind.ORDER_DEPENDENT,
        f"It passes alone, and fails after {polluter.test}, which {how}.",
        f"{remedy}`pytest {shell_word(polluter.test)} {shell_word(victim.test)}{option}`",
        polluter=polluter.test,
    )
