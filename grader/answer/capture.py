"""What docker itself makes of a command line: a tiny endpoint that answers like an engine.

The real docker CLI runs the command against it; the JSON body that it sends is recorded, refused,
and nothing is created. So every flag, and every key of a compose file, means exactly what Docker
means by it.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.engine import cliplugins
from grader.verdict.outcome import GraderError, LearnerFault
from grader.verdict.report import Evidence
from grader.verdict.text import clean

CLI_SECONDS = 10.0
MAX_BODY_BYTES = 1 << 20
API_VERSION = "1.45"
IMAGE = {"Id": f"sha256:{'0' * 64}", "Config": {}, "Os": "linux"}
"""Every image that is asked for is there."""
HERE = "/answer"
"""What the folder of an answer's files is called in what docker asks for."""


def create_body(arguments: Sequence[str], shown: str) -> dict[str, Any]:
    """The body that ``docker run ARGUMENTS`` sends. ``shown`` is the learner's command.

    Raises LearnerFault with the CLI's own words when it refuses, GraderError when it is missing.
    """
    bodies, said = record((cliplugins.docker(),), ("run", "-d", *arguments), {})
    if not bodies:
        lines = [line for line in said.splitlines() if line and not line.startswith("See 'docker")]
        reason = lines[0].removeprefix("docker: ").strip() if lines else "no reason given"
        raise LearnerFault(
            f"docker refuses this command: {reason}",
            Evidence(shown, said[:800], "a command that docker accepts"),
        )
    return bodies[0]


def requests(arguments: Sequence[str]) -> tuple[frozenset[str], str]:
    """(what ``docker ARGUMENTS`` asks the engine for, as "METHOD /path?query" without the API's
    version, what it printed). Nothing is asked where docker refuses the command itself. Raises
    GraderError when it doesn't end."""
    with _folder({}) as folder, _listening(folder) as endpoint:
        done = _run([cliplugins.docker(), "-H", endpoint.host, *arguments], folder)
        return frozenset(endpoint.requests), clean(done.stderr or done.stdout).strip()


def record(
    program: Sequence[str], arguments: Sequence[str], files: Mapping[str, bytes]
) -> tuple[list[dict[str, Any]], str]:
    """(bodies of the containers that ``docker ARGUMENTS`` or Compose asks for, what it printed).

    It runs in a folder that holds ``files`` and nothing else, called ``HERE`` in what comes back.
    Raises GraderError when it doesn't end.
    """
    with _folder(files) as folder, _listening(folder) as endpoint:
        docker, *subcommand = program
        done = _run([docker, "-H", endpoint.host, *subcommand, *arguments], folder)
    said = clean(done.stderr or done.stdout).replace(f"{folder}/", "").strip()
    return json.loads(json.dumps(endpoint.bodies).replace(folder, HERE)), said


def printed(
    program: Sequence[str], arguments: Sequence[str], files: Mapping[str, bytes]
) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a command that asks no engine, in such a folder. Raises
    GraderError when it doesn't end."""
    with _folder(files) as folder:
        done = _run([*program, *arguments], folder)
        return done.returncode, done.stdout, clean(done.stderr).replace(f"{folder}/", "").strip()


@contextlib.contextmanager
def _folder(files: Mapping[str, bytes]) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="drydock-") as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield folder


@contextlib.contextmanager
def _listening(folder: str) -> Iterator[_Endpoint]:
    with _Endpoint(str(Path(folder) / "capture.sock")) as endpoint:
        threading.Thread(target=endpoint.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield endpoint
        finally:
            endpoint.shutdown()  # or its thread polls a closed socket for ever


def _run(command: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    environment = {"DOCKER_CONFIG": folder}  # `-e NAME` would take values from here
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CLI_SECONDS,
            check=False,
            start_new_session=True,  # Ctrl-C is not for it: the grading goes on to its end
        )
    except subprocess.TimeoutExpired as error:
        raise GraderError("The docker command line did not answer. Nothing was scored.") from error


_GREETINGS = ("/_ping", "/version", "/info")
_VERSION = re.compile(r"^/v\d+\.\d+(?=/)")


class _Endpoint(socketserver.ThreadingUnixStreamServer):
    """Listens on a Unix socket; ``bodies`` are what was asked to be created, ``requests`` all that
    was asked but for what docker asks to get to know an engine."""

    daemon_threads = True

    def __init__(self, address: str) -> None:
        super().__init__(address, _Handler)
        self.host = f"unix://{address}"
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[str] = []


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Endpoint

    def do_HEAD(self) -> None:
        self._answer(200, None)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if not path.endswith(_GREETINGS):
            self._note()
        if path.endswith("/_ping"):
            self._answer(200, "OK")
        elif path.endswith(("/history", "/changes")):
            self._answer(200, [])
        elif "/containers/" in path and path.endswith("/json") and path.count("/") == 4:
            self._answer(200, {})
        elif path.endswith("/containers/json"):
            self._answer(200, [])
        elif "/images/" in path:
            self._answer(200, IMAGE)
        elif path.endswith("/version"):
            self._answer(200, {"ApiVersion": API_VERSION})
        elif path.endswith("/info"):
            self._answer(200, {"OSType": "linux"})
        else:
            self._answer(404, {"message": "not here"})

    def do_DELETE(self) -> None:
        self._note()
        self._answer(204, None)

    def do_POST(self) -> None:
        self._note()
        length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES)
        content = self.rfile.read(length)
        path = self.path.partition("?")[0]
        if path.endswith("/containers/create"):
            self.server.bodies.append(json.loads(content))
            self._answer(403, {"message": "recorded"})
        elif path.endswith("/volumes/create"):
            self._answer(201, {"Name": json.loads(content)["Name"], "Driver": "local"})
        else:
            self._answer(200, None)

    def _note(self) -> None:
        self.server.requests.append(f"{self.command} {_VERSION.sub('', self.path)}")

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads the endpoint's log."""

    def _answer(self, status: int, content: object) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Api-Version", API_VERSION)
        self.send_header("Ostype", "linux")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body)
