"""Records the steps of providing an environment, each with its time, and tells a listener about them at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tdmvc.model.environment import RunStep

StepListener = Callable[[str, RunStep | None], None]
"""Called as on_step(name, None) when a step begins, and as on_step(name, step) when it ends."""


def ignore_steps(name: str, step: RunStep | None) -> None:
    """Ignore steps."""


@dataclass(slots=True)
class StepNote:
    """What a step says about itself once it is done."""

    detail: str = ""
    is_skipped: bool = False


class Steps:
    """The steps so far, in the order in which they began. A step's time does not include that of steps inside it."""

    def __init__(self, on_step: StepListener = ignore_steps) -> None:
        self._on_step = on_step
        self._done: list[RunStep | None] = []
        self._inner_seconds: list[float] = []
        self._failure = 0
        """The identity of what is being raised through steps; a reference to it would keep its traceback alive."""

    @property
    def done(self) -> tuple[RunStep, ...]:
        return tuple(step for step in self._done if step is not None)

    @contextmanager
    def step(self, name: str) -> Iterator[StepNote]:
        """Time the block as a step; what it raises is passed on, and noted.

        Of steps inside each other, only the one that failed is noted: those around it did not end.
        """
        place = len(self._done)
        self._done.append(None)
        self._inner_seconds.append(0.0)
        self._on_step(name, None)
        note = StepNote()
        error = ""
        started = time.perf_counter()
        try:
            yield note
        except BaseException as reason:
            if id(reason) == self._failure:
                place = -1
            # Whoever catches it outside of all steps lets it go.
            self._failure = id(reason) if len(self._inner_seconds) > 1 else 0
            error = str(reason).partition("\n")[0] or type(reason).__name__
            raise
        finally:
            whole = time.perf_counter() - started
            own = whole - self._inner_seconds.pop()
            if self._inner_seconds:
                self._inner_seconds[-1] += whole
            if place >= 0:
                self._finish(place, RunStep(name, max(own, 0.0), note.detail, note.is_skipped, error))

    def add(self, step: RunStep) -> None:
        """Add a step that was timed elsewhere, or that was not necessary."""
        self._done.append(None)
        self._finish(len(self._done) - 1, step)
        if self._inner_seconds:
            self._inner_seconds[-1] += step.seconds

    def _finish(self, place: int, step: RunStep) -> None:
        self._done[place] = step
        self._on_step(step.name, step)
