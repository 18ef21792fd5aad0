"""Services beside the database of a run."""

import json
import socket
import sys

import pytest

from tests.journeys.environments.application import (
    CONFIG,
    SERVICE,
    App,
)


def test_services_are_ready_before_the_command_and_are_told_to_the_next_one(app: App) -> None:
    app.configure(
        CONFIG
        + SERVICE
        + """\
      worker:
        command: "echo working for $WEB on $SHOP_FILE; exec sleep 60"
        ready: "log:working for http"
"""
    )
    fetch = "import os, urllib.request as r; print(r.urlopen(os.environ['WEB']).status)"
    assert app.run("-q", "run", "--", sys.executable, "-c", fetch).stdout == "200\n"
    assert app.leftovers() == []


@pytest.mark.parametrize(
    ("service", "says"),
    [
        ("{command: 'echo broken; exit 3', ready: 'log:serving'}", "ended with exit code 3: broken"),
        ("{command: 'sleep 60', ready: 'tcp:{port}', start_seconds: 1}", "is not ready after 1 seconds"),
        ("{command: 'no-such-command-here', ready: 'tcp:{port}'}", "ended with exit code 127"),
    ],
)
def test_a_service_that_does_not_start_is_reported_with_its_log(app: App, service: str, says: str) -> None:
    app.configure(CONFIG + f"    services: {{queue: {service}}}\n")
    ran = app.run("run", "--", "sleep", "60", code=7)
    assert says in ran.stderr
    assert app.leftovers() == []


def test_a_port_that_another_program_uses_is_named(app: App) -> None:

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        app.configure(CONFIG + f"    services: {{web: {{command: sleep 60, ready: 'tcp:{port}'}}}}\n")
        assert f"Another program uses port {port}" in app.run("run", "--", "true", code=7).stderr


def test_a_service_that_ends_while_the_command_runs_is_told_at_once(app: App) -> None:
    app.configure(CONFIG + "    services: {queue: {command: 'echo full; sleep 0.3; exit 3'}}\n")
    ran = app.run("run", "--format", "json", "--", "sleep", "1")
    assert "warning: The service queue ended with exit code 3: full" in ran.stderr
    assert json.loads(ran.stdout)["notes"] == ["The service queue ended with exit code 3: full"]
