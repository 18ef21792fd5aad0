"""Steps: their times, their order, and what a listener hears."""

import time

import pytest

from tdmvc.environments.running.steps import Steps
from tdmvc.model.environment import RunStep


def test_a_step_has_its_own_time_without_that_of_steps_inside_it() -> None:
    steps = Steps()
    with steps.step("database") as note:
        with steps.step("migrate"):
            time.sleep(0.05)
        steps.add(RunStep("seed", 10.0))
        note.detail = "made"
    database, migrate, seed = steps.done
    assert (database.name, database.detail) == ("database", "made")
    assert migrate.seconds >= 0.05
    assert database.seconds < 0.05
    assert seed.seconds == 10.0


def test_a_listener_hears_each_beginning_and_end_in_order() -> None:
    heard: list[tuple[str, bool]] = []
    steps = Steps(lambda name, step: heard.append((name, step is not None)))
    with steps.step("database"), steps.step("migrate"):
        pass
    assert heard == [("database", False), ("migrate", False), ("migrate", True), ("database", True)]


def test_a_step_that_fails_is_noted_with_the_first_line_of_its_reason() -> None:
    steps = Steps()
    with pytest.raises(ValueError, match="first"), steps.step("seed"):
        raise ValueError("first\nsecond")
    [step] = steps.done
    assert step.error == "first"


def test_a_failure_is_noted_once_where_it_happened() -> None:
    steps = Steps()
    with pytest.raises(ValueError, match="bad"), steps.step("database"), steps.step("migrate"):
        raise ValueError("bad")
    with steps.step("tear-down"):
        pass
    assert [(step.name, step.error) for step in steps.done] == [("migrate", "bad"), ("tear-down", "")]
