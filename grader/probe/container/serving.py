"""A container seen through its port, from the pod: HTTP requests, and whether it takes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from grader.engine.patience import Patience
from grader.probe.container import receipt as receipts
from grader.probe.container.handle import ANSWER_SECONDS, Handle
from grader.probe.container.receipt import PORT
from grader.verdict.facts import Response
from grader.verdict.outcome import GraderError, LearnerFault

READY_SECONDS = 15.0


class Serving(Handle):
    """Requests to the service on port 8000; seconds throughout."""

    def send(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: float = ANSWER_SECONDS,
        wait: float = 0.0,
        receipt: bool = True,
        port: int = PORT,
        by_the_clock: bool = False,
        may_hang: bool = False,
    ) -> Callable[[], Response]:
        """Send a request now; calling the result waits for its answer (seconds that the machine
        gives, or ``by_the_clock``).

        Raises MachineTooBusy for an answer that the machine gave too little time for, unless
        no answer is expected (``may_hang``).
        ``receipt`` is false for a request whose command, typed by hand, would end in an error.
        """
        wanted = timeout
        if not by_the_clock:
            timeout, wait = self.stretched(timeout), self.stretched(wait)
        future: Future[dict[str, Any]] = self._bench.pod.send(
            "request",
            method=method,
            path=path,
            port=port,
            headers=dict(headers or {}),
            body=base64.b64encode(body).decode(),
            timeout=timeout,
            wait=wait,
        )

        def answer() -> Response:
            response = _response(self._bench.pod.answer(future, wait + timeout + 5))
            if response.error == "timeout" and not may_hang:
                self._bench.watch.metronome.require_given(response.seconds, wanted)
            if receipt:
                self.record(receipts.request(method, path, body, headers or {}, response))
            return response

        return answer

    def get(self, path: str, *, timeout: float = ANSWER_SECONDS, wait: float = 0.0) -> Response:
        """GET a path of the service on port 8000."""
        return self.send(path, timeout=timeout, wait=wait)()

    def post(self, path: str, data: object, *, timeout: float = ANSWER_SECONDS) -> Response:
        """POST ``data`` as JSON."""
        headers = {"Content-Type": "application/json"}
        body = json.dumps(data).encode()
        return self.send(path, method="POST", body=body, headers=headers, timeout=timeout)()

    def await_accepted(self, seconds: float = ANSWER_SECONDS) -> None:
        """Return when a request that was sent is in the service's hands. Raises GraderError."""
        seconds = self.stretched(seconds)
        if not self._bench.pod.ask("accepted", seconds + 5, port=PORT, timeout=seconds):
            raise GraderError("The service did not take a request that was sent to it in time.")

    def wait_ready(self, path: str = "/health", seconds: float = READY_SECONDS) -> Response:
        """The first answer of the service. Raises LearnerFault when none comes or the container
        ends first."""
        patience = Patience(seconds, used=lambda: self._bench.engine.cpu_seconds(self.id))
        future = self._first_answer(path, seconds)
        while future.done() and "error" in future.result().get("result", {}):
            if not (left := patience.left()):
                break
            future = self._first_answer(path, left)
        if not future.done() and self._bench.watch.of(self.id, "die"):
            code = self._bench.watch.of(self.id, "die")[-1]["Actor"]["Attributes"]["exitCode"]
            raise LearnerFault(
                f"The container ended at once with exit code {code} instead of serving."
                f"{self.last_words()}",
                self._log_evidence("a service that keeps running"),
            )
        response = _response(self._bench.pod.answer(future, 5))
        if response.error:
            raise LearnerFault(
                f"Nothing answered on port {PORT} of the container within {seconds:.0f} s "
                f"({response.error}).",
                self._log_evidence(f"a service that listens on 0.0.0.0:{PORT}"),
            )
        return response

    def _first_answer(self, path: str, seconds: float) -> Future[dict[str, Any]]:
        """A request that goes on trying for ``seconds``; returned when it is over, or when the
        container has ended."""
        future = self._bench.pod.send(
            "request",
            method="GET",
            path=path,
            port=PORT,
            headers={},
            body="",
            timeout=seconds,
            wait=seconds,
        )
        self._bench.watch.wait(
            lambda: future.done() or self._bench.watch.of(self.id, "die"), seconds + 5
        )
        return future


def _response(data: Mapping[str, Any]) -> Response:
    if "error" in data:
        return Response(0, {}, b"", data["seconds"], data["error"])
    return Response(
        data["status"],
        dict(data["headers"]),
        base64.b64decode(data["body"]),
        data["seconds"],
    )
