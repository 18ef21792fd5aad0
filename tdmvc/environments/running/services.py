"""Programs beside the database: started in their order, waited for, and stopped in reverse."""

import contextlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tdmvc.environments.running.exports import process_variables, without_secrets
from tdmvc.environments.running.processes import ProcessGroups
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import Service
from tdmvc.model.placeholders import fill_placeholders
from tdmvc.servers.processes import last_lines

_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 2.0
_LAST_LINES = 10
_BIGGEST_LOG_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PlannedService:
    """A service with its port, before it is started."""

    service: Service
    port: int

    @property
    def command(self) -> str:
        return fill_placeholders(self.service.command, {"port": str(self.port)})

    @property
    def ready(self) -> str:
        return fill_placeholders(self.service.ready or "", {"port": str(self.port)})

    @property
    def exports(self) -> dict[str, str]:
        values = {"port": str(self.port)}
        return {name: fill_placeholders(text, values) for name, text in self.service.exports.items()}


def plan_services(services: Sequence[Service]) -> list[PlannedService]:
    """Return services with a free port for each; no two get the same one."""
    planned: list[PlannedService] = []
    with ExitStack() as stack:
        # Ports that are held until all are chosen cannot be given out twice.
        for service in services:
            held = stack.enter_context(socket.socket())
            held.bind(("127.0.0.1", 0))
            planned.append(PlannedService(service, held.getsockname()[1]))
    return planned


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that was started."""

    planned: PlannedService
    process: "subprocess.Popen[bytes]"
    log: Path
    variables: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.planned.service.name

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def describe_end(self) -> str:
        """Return how it ended, with the last lines of its log."""
        code = self.process.returncode
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        said = without_secrets(last_lines(self.log, _LAST_LINES), self.variables)
        return f"The service {self.name} {how}{f': {said}' if said else ', and printed nothing.'}"


class EndedServices:
    """Tells of each service that ends while others use it, once."""

    def __init__(self, services: Sequence[RunningService], warn: Callable[[str], None]) -> None:
        self._running = list(services)
        self._warn = warn

    def look(self) -> None:
        """Warn about the services that have ended since the last look."""
        for service in [one for one in self._running if one.has_ended]:
            self._running.remove(service)
            self._warn(service.describe_end())


@contextmanager
def started_services(
    planned: Sequence[PlannedService], variables: Mapping[str, str], folder: Path, groups: ProcessGroups
) -> Iterator[list[RunningService]]:
    """Run services until the end of the block; each sees the exports of those before it.

    Args:
        variables: what else they see, such as DATABASE_URL.
        folder: where they run.

    Raises:
        DatabaseError: one cannot be run, ends at once, or is not ready in time.
    """
    running: list[RunningService] = []
    known = dict(variables)
    with ExitStack() as stack:
        for one in planned:
            known.update(one.exports)
            service = _start(one, known, folder, groups)
            stack.callback(groups.stop, service.process)
            _wait(service)
            running.append(service)
        yield running


def _start(
    planned: PlannedService, variables: Mapping[str, str], folder: Path, groups: ProcessGroups
) -> RunningService:
    kind, _, address = planned.ready.partition(":")
    if kind == "tcp" and _answers(int(address)):
        raise DatabaseError(
            f"Another program uses port {address}, which the service {planned.service.name} needs.",
            where="127.0.0.1",
            remedy="write {port} in `command` and `ready` of the service for a free one, or stop that program.",
        )
    log = groups.folder / f"{planned.service.name}.log"
    try:
        with open(log, "wb") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-c", planned.command],
                cwd=folder,
                env=process_variables(variables, groups.run),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    except OSError as error:
        raise DatabaseError(
            f"Cannot run the service {planned.service.name}: {error.strerror or error}.",
            where=str(folder),
            remedy="check `folder` of the environment, and `command` of the service.",
        ) from error
    return RunningService(planned, process, log, variables)


def _wait(service: RunningService) -> None:
    """Wait until a service is ready.

    Raises:
        DatabaseError: it ended, or is not ready in time.
    """
    seconds = service.planned.service.start_seconds
    end = time.monotonic() + seconds
    ready = service.planned.ready
    while not (is_ready := _is_ready(service, ready)) or service.has_ended:
        if service.has_ended:
            raise DatabaseError(
                service.describe_end(),
                where=f"service {service.name}: {service.planned.command}",
                remedy="run its command by hand to see why; its port is in {port}.",
            )
        if not is_ready and time.monotonic() > end:
            said = without_secrets(last_lines(service.log, _LAST_LINES), service.variables)
            raise DatabaseError(
                f"The service {service.name} is not ready after {seconds} seconds: {ready} does not answer.",
                where=f"service {service.name}: {service.planned.command}",
                remedy="correct `ready`, or raise `start_seconds` of the service.",
                details=[said] if said else [],
            )
        time.sleep(_POLL_SECONDS)


def _is_ready(service: RunningService, ready: str) -> bool:
    kind, _, rest = ready.partition(":")
    match kind:
        case "tcp":
            return _answers(int(rest))
        case "http" | "https":
            return _answers_http(ready)
        case "log":
            return _has_logged(service.log, rest)
        case _:
            return True


def _answers(port: int) -> bool:
    for host in ("127.0.0.1", "::1"):
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=_ANSWER_SECONDS):
            return True
    return False


def _answers_http(url: str) -> bool:
    """Whether a URL is answered, without an error of the server."""
    # A proxy of the environment is for other machines.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_ANSWER_SECONDS):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 400
    except (OSError, ValueError):
        return False


def _has_logged(log: Path, text: str) -> bool:
    with open(log, "rb") as file:
        return text.strip().encode() in file.read(_BIGGEST_LOG_BYTES)
