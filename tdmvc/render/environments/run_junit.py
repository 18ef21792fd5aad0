"""A run as a JUnit report: a case for each step."""

import xml.etree.ElementTree as ET

from tdmvc.model.environment_report import RunReport
from tdmvc.render.environments.wording import run_words, step_detail
from tdmvc.render.format import RenderOptions
from tdmvc.render.junit import add_case, add_output, add_suite, count_cases, fail, junit_text


def render(report: RunReport, options: RenderOptions) -> str:
    """Return JUnit XML: a failure if the command failed, an error if the environment could not be provided."""
    root = ET.Element("testsuites", name="tdmvc run")
    suite = add_suite(root, f"tdmvc run {report.environment}")
    for step in report.steps:
        case = add_case(suite, report.environment, step.name)
        case.set("time", f"{step.seconds:.3f}")
        if step.error:
            is_command = step.name == "command"
            fail(case, f"run-{step.name}", run_words(report), step_detail(step), is_error=not is_command)
        elif step.is_skipped:
            ET.SubElement(case, "skipped", message="A template made it unnecessary.")
        if step.detail and not step.error:
            add_output(case, step_detail(step))
    if report.error and not any(step.error for step in report.steps):
        fail(
            add_case(suite, report.environment, "run"),
            "run",
            run_words(report),
            run_words(report),
            is_error=True,
        )
    count_cases(suite)
    suite.set("skipped", str(len(list(suite.iter("skipped")))))
    suite.set("time", f"{report.seconds:.3f}")
    return junit_text(root)
