"""Starts, asks and stops the processes that keep environments."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing

from tdmvc.environments.endpoint import EndpointClient
from tdmvc.environments.keeper.process import error_of
from tdmvc.environments.keeper.records import Records
from tdmvc.environments.running.provide import EnvironmentOptions
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import Environment, ResetReport, RunStep
from tdmvc.model.environment_report import KeptEnvironment
from tdmvc.model.variables import ENDPOINT_VARIABLE
from tdmvc.servers.marked_processes import RUN_VARIABLE
from tdmvc.servers.processes import is_running, last_lines
from tdmvc.servers.run_folders import own_run_folder
from tdmvc.workspace.workspace import Workspace

_STOP_SECONDS = 60.0
_EXIT_SECONDS = 5.0
_POLL_SECONDS = 0.05


def start_keeper(
    workspace: Workspace, environment: Environment, name: str, options: EnvironmentOptions
) -> KeptEnvironment:
    """Start a process that keeps an environment, and wait until the environment is ready.

    If this is interrupted, or fails, nothing keeps running.

    Raises:
        TdmvcError: what the process failed with.
    """
    records = Records(workspace.root)
    receiving, sending = os.pipe()
    log = records.log(name)
    variables = {key: value for key, value in os.environ.items() if key != RUN_VARIABLE}
    try:
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
            process = subprocess.Popen(
                _command(workspace, environment, name, options, sending),
                cwd=workspace.root,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[sending],
                start_new_session=True,
            )
    finally:
        os.close(sending)
    try:
        _await_ready(receiving, options, workspace)
    except BaseException:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        raise
    kept = records.read(name)
    if kept is None:
        said = last_lines(log)
        raise DatabaseError(
            "The process that keeps the environment ended.",
            where=str(log),
            remedy="run the command again; if it happens again, that file says more.",
            details=[said] if said else [],
        )
    return kept


def _command(
    workspace: Workspace, environment: Environment, name: str, options: EnvironmentOptions, announce_to: int
) -> Sequence[str]:
    words = [
        sys.executable,
        "-m",
        "tdmvc",
        "-C",
        str(workspace.root),
        "keep",
        name,
        "--env",
        environment.name,
    ]
    words += ["--announce-to", str(announce_to)]
    for ref in options.more:
        words += ["--with", ref]
    words += [] if options.validates else ["--no-validate"]
    return [*words, *(["--rebuild"] if options.rebuild else [])]


def _await_ready(receiving: int, options: EnvironmentOptions, workspace: Workspace) -> None:
    """Pass on what the process announces, until the environment is ready or the process has ended."""
    with open(receiving, encoding="utf-8") as messages:
        for line in messages:
            message = json.loads(line)
            if "error" in message:
                raise error_of(message)
            if "ready" in message:
                return
            if "warning" in message:
                workspace.warn(message["warning"])
            elif "output" in message:
                options.on_output(message["output"])
            else:
                step = message["step"]
                options.on_step(message["name"], RunStep(**step) if step is not None else None)


def stop_keeper(workspace: Workspace, kept: KeptEnvironment) -> None:
    """Stop the process that keeps an environment, and wait until everything of it is gone.

    Raises:
        DatabaseError: it does not end.
    """
    records = Records(workspace.root)
    # The process ends without its record; a number of a process that somebody wrote there may be another one's.
    records.remove(kept.name)
    if _wait_until(lambda: not records.is_held(kept.name), _STOP_SECONDS):
        _wait_until(lambda: not is_running(kept.process), _EXIT_SECONDS)
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(kept.process, signal.SIGKILL)
    if _wait_until(lambda: not records.is_held(kept.name), _EXIT_SECONDS):
        remove_orphans()
        return
    raise DatabaseError(
        f"The process {kept.process}, which keeps the environment {kept.name}, does not end.",
        remedy=f"end it by hand: `kill -9 {kept.process}`; the next command removes what it leaves.",
    )


def _wait_until(is_done: Callable[[], bool], seconds: float) -> bool:
    """Whether it is done in time."""
    end = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def clean_killed(records: Records) -> tuple[str, ...]:
    """Remove what killed processes left, and return the names of their environments."""
    remove_orphans()
    killed = tuple(name for name in records.names() if not records.is_held(name))
    for name in killed:
        records.remove(name)
    return killed


def remove_orphans() -> None:
    """Stop and remove what killed processes of this user left; whoever starts anything does that first."""
    with own_run_folder():
        pass


def reset_kept(kept: KeptEnvironment) -> ResetReport:
    """Bring the database of a kept environment back to its seeded state.

    Raises:
        DatabaseError: it cannot be reset.
    """
    try:
        with closing(EndpointClient(kept.exports[ENDPOINT_VARIABLE])) as client:
            return client.reset()
    except DatabaseError as error:
        raise DatabaseError(
            error.what,
            where=kept.database,
            remedy=f"restart it: `tdmvc down {kept.name}`, then `tdmvc up {kept.environment}`.",
            details=error.details,
        ) from error
