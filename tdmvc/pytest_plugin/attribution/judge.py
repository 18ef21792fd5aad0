"""Decides why tests failed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tdmvc.actions.test_records import KnownPasses, find_passes
from tdmvc.api import Repository
from tdmvc.errors import TdmvcError
from tdmvc.model.verdict import FailureVerdict, VerdictKind
from tdmvc.pytest_plugin.attribution.plan import RerunResult
from tdmvc.pytest_plugin.attribution.pollution import judge_order
from tdmvc.pytest_plugin.attribution.runs import Reruns
from tdmvc.pytest_plugin.attribution.versions import find_changes, states_before
from tdmvc.pytest_plugin.faults import Fault, FaultKind
from tdmvc.pytest_plugin.recording import RanTest
from tdmvc.render.text import joined, shell_word

MOST_FAILURES = 20
"""How many tests are run again; the others are too many to be read one by one."""


@dataclass(frozen=True, slots=True)
class _Steady:
    """A test that fails whenever it is run."""

    ran: RanTest
    result: RerunResult
    passes: KnownPasses

    @property
    def fault(self) -> Fault:
        return self.result.fault or Fault(FaultKind.OTHER, "it failed")

    @property
    def uses_database(self) -> bool:
        return (
            self.result.touched is None
            or bool(self.result.touched.all)
            or self.fault.kind is not FaultKind.OTHER
        )


def judge(repository: Repository, ran: Sequence[RanTest], reruns: Reruns) -> dict[str, FailureVerdict]:
    """Return why the first of the failed tests failed, by test.

    Args:
        ran: all tests of the process, in their order.

    Raises:
        TdmvcError: the databases of the session cannot be used any more.
    """
    failed = [one for one in ran if one.has_failed][:MOST_FAILURES]
    ended = {one.test: _ended_session(one) for one in failed if _has_lost_session(one)}
    failed = [one for one in failed if one.test not in ended]
    alone = reruns.alone(failed)
    again = reruns.alone(
        [one for one in reversed(failed) if one.test in alone and alone[one.test].has_failed]
    )
    verdicts = dict(ended)
    steady: list[_Steady] = []
    passes = find_passes(repository.root, [one.test for one in failed])
    passing: list[RanTest] = []
    for one in failed:
        first, second = alone.get(one.test), again.get(one.test)
        if first is None or (first.has_failed and second is None):
            verdicts[one.test] = _unknown(one)
        elif not first.has_failed:
            passing.append(one)
        elif second is not None and not second.has_failed:
            verdicts[one.test] = _flaky(one)
        else:
            steady.append(_Steady(one, first, passes[one.test]))
    # One process answers for all of these; the others need several for each test.
    verdicts |= _judge_steady(repository, steady, reruns)
    for one in passing:
        known = {verdict.polluter for verdict in verdicts.values()}
        verdicts[one.test] = judge_order(ran, one, alone[one.test].touched or one.touched, reruns, known)
    return {one.test: verdicts[one.test] for one in ran if one.test in verdicts}


def _judge_steady(
    repository: Repository, steady: Sequence[_Steady], reruns: Reruns
) -> dict[str, FailureVerdict]:
    """Judge tests that fail whenever they are run: compare them with other rows, and look at their errors."""
    verdicts: dict[str, FailureVerdict] = {}
    to_compare: defaultdict[tuple[str, ...], list[_Steady]] = defaultdict(list)
    for one in steady:
        found = one.ran.found
        if not one.uses_database:
            verdicts[one.ran.test] = _code(one, "It uses no table of the database")
        elif one.passes.has_rows(found.rows, found.datasets):
            verdicts[one.ran.test] = _known_rows(one, f"It passed before with {_states(found.datasets)}")
        else:
            to_compare[_other_states(repository, one)].append(one)
    for states, tests in to_compare.items():
        results = reruns.with_states([one.ran for one in tests], states) if states else {}
        for one in tests:
            if states and one.ran.test not in results and not reruns.has_time:
                verdicts[one.ran.test] = _unknown(one.ran)
            else:
                verdicts[one.ran.test] = _compared(repository, one, states, results)
    return verdicts


def _other_states(repository: Repository, one: _Steady) -> tuple[str, ...]:
    """Return the states with which a test passed last, or else those before its own."""
    own = one.ran.found.datasets
    known = one.passes.latest_versions()
    if known and known != own:
        return known
    try:
        return states_before(repository, own)
    except (TdmvcError, ValueError):
        return ()


def _compared(
    repository: Repository, one: _Steady, states: tuple[str, ...], results: Mapping[str, RerunResult]
) -> FailureVerdict:
    result = results.get(one.ran.test)
    own = one.ran.found.datasets
    if result is not None and not result.has_failed:
        if one.fault.kind is FaultKind.SCHEMA:
            return _schema(one, f"it passes with {_states(states)}", states)
        others = [(old, new) for old, new in zip(states, own, strict=False) if old != new]
        diff = f"`tdmvc diff {' '.join(map(shell_word, others[0]))}`" if others else "compare the versions"
        return FailureVerdict(
            VerdictKind.BAD_DATA,
            f"It passes with {_states(states)}, and fails with {_states(own)}.",
            f"look at what changed: {diff}",
            compared=states,
            changes=find_changes(repository, states, own, one.result.touched),
        )
    if result is not None and states == one.passes.latest_versions():
        return _known_rows(one, f"It fails also with {_states(states)}, with which it passed before")
    return _by_error(one)


def _known_rows(one: _Steady, why: str) -> FailureVerdict:
    """Judge a test that fails with rows with which it passed before: they are not the cause."""
    return _schema(one, why[0].lower() + why[1:]) if one.fault.kind is FaultKind.SCHEMA else _code(one, why)


def _by_error(one: _Steady) -> FailureVerdict:
    """Judge a test by its error alone."""
    match one.fault.kind:
        case FaultKind.SCHEMA:
            return _schema(one, "")
        case FaultKind.DATA:
            tables = one.ran.no_row or (sorted(one.result.touched.all) if one.result.touched else ())
            where = f" Its tables: {joined(list(tables))}." if tables else ""
            return FailureVerdict(
                VerdictKind.SUSPECTED_DATA,
                f"{one.fault.text}; no version is known with which it passes.{where}",
                "look for rows that are missing or wrong; add them to the dataset, or correct the test",
            )
    return _code(
        one, f"It fails whenever it is run, and its error says nothing about rows or schema: {one.fault.text}"
    )


def _schema(one: _Steady, why: str, states: tuple[str, ...] = ()) -> FailureVerdict:
    return FailureVerdict(
        VerdictKind.SCHEMA_DRIFT,
        f"{one.fault.text}: the code does not fit the tables{why and f'; {why}'}.",
        "compare migrations and datasets: `tdmvc drift`",
        compared=states,
    )


def _code(one: _Steady, why: str) -> FailureVerdict:
    return FailureVerdict(
        VerdictKind.CODE,
        f"{why}.",
        f"debug the test: `pytest --pdb {shell_word(one.ran.test)}`",
    )


def _has_lost_session(ran: RanTest) -> bool:
    return ran.fault is not None and ran.fault.kind is FaultKind.CONNECTION


def _ended_session(ran: RanTest) -> FailureVerdict:
    return FailureVerdict(
        VerdictKind.CODE,
        "It uses a session that was open before the database was reset.",
        'open the session in the test, or mark the tests that share it with `@pytest.mark.tdmvc(reset="module")`',
    )


def _flaky(ran: RanTest) -> FailureVerdict:
    return FailureVerdict(
        VerdictKind.FLAKY,
        "It failed once and passed once on databases that were just reset.",
        f"look for times, random values, threads and the network; repeat it: `pytest {shell_word(ran.test)}`",
    )


def _unknown(ran: RanTest) -> FailureVerdict:
    return FailureVerdict(
        VerdictKind.UNKNOWN,
        "It did not end when it was run again, or there was no time for it.",
        f"run it alone: `pytest {shell_word(ran.test)}`",
    )


def _states(states: Sequence[str]) -> str:
    return joined(list(states)) or "no datasets"
