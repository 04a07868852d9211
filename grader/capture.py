"""What docker itself makes of a command line: a tiny endpoint that answers like an engine.

The real docker CLI runs the command against it; the JSON body that it sends is recorded, refused,
and nothing is created. So every flag means exactly what Docker means by it.
"""

from __future__ import annotations

import http.server
import json
import shutil
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.outcome import GraderError, LearnerFault
from grader.report import Evidence
from grader.text import clean

CLI_SECONDS = 10.0
MAX_BODY_BYTES = 1 << 20
API_VERSION = "1.45"


def create_body(arguments: Sequence[str], shown: str) -> dict[str, Any]:
    """The body that ``docker run ARGUMENTS`` sends. ``shown`` is the learner's command.

    Raises LearnerFault with the CLI's own words when it refuses, GraderError when it is missing.
    """
    docker = shutil.which("docker")
    if docker is None:
        raise GraderError("The docker command line is missing: ./lab setup installs it.")
    with tempfile.TemporaryDirectory(prefix="drydock-") as folder:
        address = Path(folder) / "capture.sock"
        with _Endpoint(str(address)) as endpoint:
            threading.Thread(target=endpoint.serve_forever, args=(0.01,), daemon=True).start()
            done = _run([docker, "-H", f"unix://{address}", "run", "-d", *arguments], folder)
            endpoint.shutdown()
    if endpoint.body is None:
        said = clean(done.stderr or done.stdout).strip()
        lines = [line for line in said.splitlines() if line and not line.startswith("See 'docker")]
        reason = lines[0].removeprefix("docker: ").strip() if lines else "no reason given"
        raise LearnerFault(
            f"docker refuses this command: {reason}",
            Evidence(shown, said[:800], "a command that docker accepts"),
        )
    return endpoint.body


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
        )
    except subprocess.TimeoutExpired as error:
        raise GraderError("The docker command line did not answer. Nothing was scored.") from error


class _Endpoint(socketserver.ThreadingUnixStreamServer):
    """Listens on a Unix socket; ``body`` is what was asked to be created."""

    daemon_threads = True
    body: dict[str, Any] | None = None

    def __init__(self, address: str) -> None:
        super().__init__(address, _Handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Endpoint

    def do_HEAD(self) -> None:
        self._answer(200, None)

    def do_GET(self) -> None:
        if self.path.endswith("/_ping"):
            self._answer(200, "OK")
        else:
            self._answer(404, {"message": "not here"})

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES)
        content = self.rfile.read(length)
        if self.path.partition("?")[0].endswith("/containers/create"):
            self.server.body = json.loads(content)
            self._answer(403, {"message": "recorded"})
        else:
            self._answer(200, None)

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
