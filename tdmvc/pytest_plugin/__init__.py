"""The pytest plugin: a clean, seeded database for each test.

pytest loads this module in every project that has tdmvc installed, so it imports nothing that is not needed to
read options; everything else is imported once a test session uses an environment.
"""

import os

import pytest

from tdmvc.model.variables import ENDPOINT_VARIABLE, ENVIRONMENT_VARIABLE
from tdmvc.pytest_plugin.markers import RESETS

RERUN_VARIABLE = "TDMVC_RERUN"
"""Set in a process that runs failed tests again: the path of its plan."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings of tdmvc."""
    group = parser.getgroup("tdmvc", "test data under version control")
    group.addoption(
        "--tdmvc-env",
        metavar="NAME",
        help="Provide this environment of tdmvc.yaml before test modules are imported.",
    )
    group.addoption(
        "--tdmvc-reset",
        choices=RESETS,
        help="When databases are reset: before each test (default), when tests of another module begin, or never.",
    )
    group.addoption(
        "--tdmvc-shift-sequences",
        action="store_true",
        help="Let sequences begin at other numbers: finds tests that expect a certain one, such as id == 4.",
    )
    group.addoption(
        "--tdmvc-shuffle-rows",
        action="store_true",
        help="Give the rows of tables another order: finds tests that need one, and queries without ORDER BY.",
    )
    group.addoption(
        "--tdmvc-seed",
        type=int,
        metavar="N",
        help="Shift and shuffle as in the run that printed this number; by default, it is a random one.",
    )
    group.addoption(
        "--tdmvc-no-attribution",
        action="store_true",
        help="Do not run failed tests again to find out why they failed.",
    )
    parser.addini(
        "tdmvc_attribution_seconds",
        "How long failed tests are run again at the end, to find out why they failed.",
        default="120",
    )
    parser.addini("tdmvc_env", "The environment of tdmvc.yaml that every test session needs.", default="")
    parser.addini("tdmvc_reset", "When databases are reset: test, module or never.", default="test")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Provide the environment before conftest files are imported, because applications read variables at import."""
    early_config.addinivalue_line(
        "markers",
        "tdmvc(*datasets, reset=None): seed the test's database with these states instead of the environment's, "
        "and reset it before each `test`, each `module`, or `never`.",
    )
    options = early_config.known_args_namespace
    if options.tdmvc_shift_sequences or options.tdmvc_shuffle_rows:
        from tdmvc.pytest_plugin.layout import choose_layout, reverse_sqlite

        if choose_layout(early_config).shuffle_seed is not None:
            reverse_sqlite()
    name = options.tdmvc_env or os.environ.get(ENVIRONMENT_VARIABLE) or early_config.getini("tdmvc_env")
    if _runs_no_test(early_config):
        from tdmvc.pytest_plugin.summary import NAME, VerdictSummary

        early_config.pluginmanager.register(VerdictSummary(early_config), NAME)
        if name and not options.help and not os.environ.get(ENDPOINT_VARIABLE):
            from tdmvc.pytest_plugin.plugin import export_placeholders

            export_placeholders(early_config, name)
        return
    from tdmvc.pytest_plugin.plugin import install

    install(early_config, name or None)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say how to repeat what was chosen at random."""
    if config.option.tdmvc_shift_sequences or config.option.tdmvc_shuffle_rows:
        from tdmvc.pytest_plugin.layout import layout_header

        return layout_header()
    return None


def _runs_no_test(config: pytest.Config) -> bool:
    """Whether this process shows help or a list only, or hands tests to workers of pytest-xdist."""
    options = config.known_args_namespace
    if options.help or getattr(options, "version", 0) or getattr(options, "collectonly", False):
        return True
    if "PYTEST_XDIST_WORKER" in os.environ or RERUN_VARIABLE in os.environ:
        return False
    return bool(getattr(options, "numprocesses", None)) and not getattr(options, "usepdb", False)
