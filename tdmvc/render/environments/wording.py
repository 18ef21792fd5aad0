"""The words for environments, their steps and their resets."""

from tdmvc.model.environment import ResetMethod, ResetReport, RunStep
from tdmvc.model.environment_report import KeptEnvironment, RunReport
from tdmvc.model.masking import without_passwords
from tdmvc.render.cells import visible
from tdmvc.render.terminal import Style
from tdmvc.render.text import size

_NAME_WIDTH = 9
_RESETS = {
    ResetMethod.NOTHING: "nothing had been written",
    ResetMethod.DELTA: "the rows that were written were restored",
    ResetMethod.SWAP: "a spare copy took its place",
    ResetMethod.COPY: "it was copied again",
}


def seconds_text(seconds: float) -> str:
    """Return a time, as exact as people need it."""
    if seconds >= 10:
        return f"{seconds:.0f} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


def step_state(step: RunStep) -> str:
    """Return how a step ended, in a word."""
    if step.error:
        return "failed"
    return "skipped" if step.is_skipped else "done"


def step_detail(step: RunStep) -> str:
    """Return what a step did, or why it failed, without passwords."""
    text = without_passwords(step.detail)
    if step.error:
        text = f"{text}: {step.error}" if text else step.error
    return visible(without_passwords(text))


def step_line(step: RunStep, style: Style) -> str:
    """Return a step as a line for the terminal."""
    time = "reused" if step.is_skipped else seconds_text(step.seconds)
    mark = style.red("✗") if step.error else style.dim("·") if step.is_skipped else style.green("✓")
    name = visible(step.name).ljust(_NAME_WIDTH)
    return f"{mark} {name} {style.dim(time.rjust(7))}  {step_detail(step)}".rstrip()


def reset_words(report: ResetReport) -> str:
    """Return how a database was reset."""
    words = _RESETS[report.method]
    if report.ended_connections:
        words += f"; connections were ended: {', '.join(map(visible, report.ended_connections))}"
    if report.remains:
        words += f"; no reset restores this: {', '.join(map(visible, report.remains))}"
    return words


def run_words(report: RunReport) -> str:
    """Return how a run ended, in a sentence."""
    if report.error:
        why = visible(without_passwords(report.error))
        return f"The environment {visible(report.environment)} could not be provided: {why}"
    command = visible(without_passwords(" ".join(report.command)))
    if report.exit_code is None:
        return f"{command} was not run"
    return f"{command} ended with exit code {report.exit_code}"


def kept_facts(kept: KeptEnvironment) -> list[tuple[str, str]]:
    """Return what people want to know of an environment that runs."""
    ports = ", ".join(f"{visible(name)} on port {port}" for name, port in kept.services.items())
    return [
        ("database", visible(kept.database)),
        ("datasets", ", ".join(map(visible, kept.refs)) or "none"),
        ("services", ports),
        ("template", f"{kept.template}, {size(kept.size_bytes)}" if kept.size_bytes else kept.template),
        ("since", kept.since),
    ]
