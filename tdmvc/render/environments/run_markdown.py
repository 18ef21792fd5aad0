"""A run as Markdown, for the summary of a CI job."""

from tdmvc.model.environment_report import RunReport
from tdmvc.render.environments.wording import run_words, seconds_text, step_detail, step_state
from tdmvc.render.format import RenderOptions
from tdmvc.render.markdown import code, prose, table


def render(report: RunReport, options: RenderOptions) -> str:
    """Return the outcome in a line, and a table of the steps."""
    mark = "✅" if report.is_fine else "❌"
    refs = ", ".join(map(code, report.refs))
    lines = [
        f"### {mark} tdmvc run: {prose(report.environment)}",
        "",
        f"{prose(run_words(report))}{f', on {refs}' if refs else ''} ({seconds_text(report.seconds)}).",
        "",
        *table(
            ["step", "time", "result", "what"],
            [
                [
                    prose(step.name),
                    "" if step.is_skipped else seconds_text(step.seconds),
                    "**failed**" if step.error else step_state(step),
                    code(step_detail(step)) if step_detail(step) else "",
                ]
                for step in report.steps
            ],
            align=" r",
        ),
        *(line for note in report.notes for line in ("", f"⚠️ {prose(note)}")),
    ]
    return "\n".join(lines) + "\n"
