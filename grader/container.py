"""A container of a submission: started inside the sandbox, looked at from outside.

Probes report facts and record as evidence the command with which a person sees the same. The
container is called ``web`` there and serves port 8000, as in the course.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from grader.bench import Bench
from grader.engine import Refused
from grader.facts import Exit, HealthProbe, Logs, Process, Response, State, Usage
from grader.image import Image
from grader.outcome import GraderError, LearnerFault
from grader.report import Evidence
from grader.sandbox import host_config
from grader.text import clean
from grader.watch import moment

PORT = 8000
READY_SECONDS = 15.0
ANSWER_SECONDS = 10.0
SHOWN_LOG_LINES = 15
_BESIDE = "docker run --rm --pid=container:web python:3.11-slim"
"""A container beside ``web``, in its pid namespace: looks in without needing a shell there."""
_TOP = ("pid", "ruid", "euid", "suid", "fuid", "rgid", "egid", "sgid", "fgid", "supgid", "args")
_START_FAULTS = (
    "unable to find user",
    "unable to find group",
    "no matching entries in",
    "executable file not found",
    "no such file or directory",
    "permission denied",
    "exec format error",
    "not a directory",
    "is a directory",
    "no command specified",
    "mkdir ",
    "chdir to cwd",
    "invalid reference",
    "minimum memory",
    "invalid",
)


class Container:
    """One container. Made by ``run``; removed with its session at the latest."""

    def __init__(self, bench: Bench, image: Image, identity: str) -> None:
        self._bench = bench
        self.image = image
        self.id = identity
        self._started = time.monotonic()

    @property
    def state(self) -> State:
        return _state(self._bench.engine.inspect(self.id))

    # -- HTTP ----------------------------------------------------------------------------------

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
    ) -> Callable[[], Response]:
        """Send a request now; calling the result waits for its answer (seconds).

        ``receipt`` is false for a request whose command, typed by hand, would end in an error.
        """
        future: Future[dict[str, Any]] = self._bench.pod.send(
            "request",
            method=method,
            path=path,
            port=PORT,
            headers=dict(headers or {}),
            body=base64.b64encode(body).decode(),
            timeout=timeout,
            wait=wait,
        )

        def answer() -> Response:
            response = _response(self._bench.pod.answer(future, wait + timeout + 5))
            if receipt:
                self._bench.record(Evidence(_curl(method, path, body, headers), str(response)))
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
        if not self._bench.pod.ask("accepted", seconds + 5, port=PORT, timeout=seconds):
            raise GraderError("The service did not take a request that was sent to it in time.")

    def wait_ready(self, path: str = "/health", seconds: float = READY_SECONDS) -> Response:
        """The first answer of the service. Raises LearnerFault when none comes or the container
        ends first."""
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
        if not future.done() and self._bench.watch.of(self.id, "die"):
            code = self._bench.watch.of(self.id, "die")[-1]["Actor"]["Attributes"]["exitCode"]
            raise LearnerFault(
                f"The container ended at once with exit code {code} instead of serving.",
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

    def _log_evidence(self, expected: str) -> Evidence:
        printed = "\n".join(self._read_logs().lines[-SHOWN_LOG_LINES:])
        return Evidence("docker logs web", printed or "(nothing printed)", expected)

    # -- what the kernel says ------------------------------------------------------------------

    @property
    def _host_pid(self) -> int:
        pid = self.state.pid
        if not pid:
            raise LearnerFault(
                "The container is not running any more.",
                self._log_evidence("a service that keeps running"),
            )
        return pid

    def processes(self) -> tuple[Process, ...]:
        """Every process of the container, from the host's /proc, the first process first."""
        processes = self._look()
        self.show(processes)
        return processes

    def show(self, processes: tuple[Process, ...], before: str = "") -> None:
        """Leave processes that were looked at earlier as evidence; ``before`` is typed first."""
        command = f"{before}docker top web -eo {','.join(_TOP)}"
        self._bench.record(Evidence(command, _top(processes)))

    def show_signals(self, process: Process) -> None:
        """Leave as evidence which signals a process handles."""
        masks = {"SigBlk": process.signals_blocked, "SigIgn": process.signals_ignored}
        masks["SigCgt"] = process.signals_caught
        rows = "\n".join(f"{name}: {mask:016x}" for name, mask in masks.items())
        command = f"{_BESIDE} grep -E 'Sig(Blk|Ign|Cgt)' /proc/{process.pid}/status"
        self._bench.record(Evidence(command, rows))

    def remaining(self, seconds: float) -> tuple[Process, ...]:
        """The processes that are there ``seconds`` from now; none when the container ends first."""
        self._bench.watch.wait(lambda: self._bench.watch.of(self.id, "die"), seconds)
        found = self._bench.observer.ask("processes", ANSWER_SECONDS, container=self.id)
        return tuple(Process.from_dict(item) for item in found)

    def _look(self) -> tuple[Process, ...]:
        found = self._bench.observer.ask("processes", ANSWER_SECONDS, container=self.id)
        if not found:
            _ = self._host_pid
        return tuple(Process.from_dict(item) for item in found)

    def capabilities(self) -> tuple[Process, ...]:
        """The same processes, with their capabilities as evidence."""
        processes = self._look()
        sets = {"CapInh": "inheritable", "CapPrm": "permitted", "CapEff": "effective"}
        for process in processes[:20]:
            rows = [f"{key}: {getattr(process, f'cap_{name}'):016x}" for key, name in sets.items()]
            command = f"{_BESIDE} grep -E 'Cap(Inh|Prm|Eff)' /proc/{process.pid}/status"
            self._bench.record(Evidence(command, "\n".join(rows)))
        return processes

    def read(self, path: str) -> str | None:
        """The text of a file in the running container, or None when there is no such file."""
        try:
            found = self._bench.observer.ask("read", ANSWER_SECONDS, pid=self._host_pid, path=path)
        except GraderError as error:
            if "FileNotFoundError" in str(error) or "NotADirectory" in str(error):
                return None
            raise
        text = base64.b64decode(found["content"]).decode("utf-8", "replace")
        self._bench.record(Evidence(f"docker cp web:{path} - | tar -xO", _excerpt(text)))
        return text

    def usage(self) -> Usage:
        """Figures of the container's cgroup."""
        return Usage(**self._bench.observer.ask("cgroup", ANSWER_SECONDS, pid=self._host_pid))

    # -- life and death ------------------------------------------------------------------------

    def signal(self, name: str) -> None:
        """Send a signal to the first process, as ``docker kill -s`` does."""
        self._bench.engine.kill(self.id, name)

    def wait_exit(self, seconds: float) -> Exit | None:
        """How the container ended, or None when it still runs after ``seconds``."""
        ended = self._bench.watch.wait(lambda: self._bench.watch.of(self.id, "die"), seconds)
        if not ended:
            return None
        end = ended[-1]
        sent = self._bench.watch.of(self.id, "kill")
        since = moment(end) - moment(sent[0]) if sent else None
        oom = bool(self._bench.watch.of(self.id, "oom")) or self.state.oom_killed
        code = int(end["Actor"]["Attributes"]["exitCode"])
        return Exit(code, since, oom)

    def settle(self, seconds: float) -> None:
        """Return when the container's last start is ``seconds`` ago, for what an engine gets wrong
        right after a start."""
        self._bench.watch.wait(lambda: None, self._started + seconds - time.monotonic())

    def wait_restart(self, seconds: float) -> bool:
        """Whether the engine starts the container again; known at once where it doesn't mean to."""
        if self.wait_event("start", min(1.0, seconds), count=2):
            return True
        if not self._bench.engine.inspect(self.id)["State"]["Restarting"]:
            return self.wait_event("start", 0.0, count=2)
        return self.wait_event("start", seconds, count=2)

    def wait_event(self, action: str, seconds: float, *, count: int = 1) -> bool:
        """Whether an engine event of this container (``oom``, ``start`` …) came ``count`` times."""
        watch = self._bench.watch
        return bool(watch.wait(lambda: len(watch.of(self.id, action)) >= count, seconds))

    def wait_health(
        self, wanted: str, seconds: float, *, or_else: str = "", probes: int = 0
    ) -> float | None:
        """Seconds until the health status became ``wanted`` after this call, or None.

        Given up early when the status becomes ``or_else``, after ``probes`` more runs of the
        health check that didn't bring it, or when the container ends.
        """
        begun = time.monotonic()
        watch = self._bench.watch
        ran = len(watch.of(self.id, "exec_die"))

        def decided() -> bool:
            seen = [event["Action"] for event in watch.of(self.id, "health_status", "die")]
            last = seen[-1].removeprefix("health_status: ") if seen else ""
            enough = probes and len(watch.of(self.id, "exec_die")) >= ran + probes
            return last in (wanted, or_else or wanted, "die") or bool(enough)

        watch.wait(decided, seconds)
        health = self.state.health
        self._bench.record(
            Evidence("docker inspect -f '{{.State.Health.Status}}' web", health or "(none)")
        )
        return time.monotonic() - begun if health == wanted else None

    def show_health(self) -> tuple[HealthProbe, ...]:
        """The last runs of the health check, left as evidence."""
        log = self.health_log()
        rows = [f"exit code {probe.exit_code}: {probe.output.strip()[-200:]}" for probe in log]
        command = (
            "docker inspect -f '{{range .State.Health.Log}}{{.ExitCode}}: {{.Output}}{{end}}' web"
        )
        self._bench.record(Evidence(command, "\n".join(rows[-3:]) or "(no probe has run)"))
        return log

    def health_log(self) -> tuple[HealthProbe, ...]:
        """The last runs of the health check, the newest last."""
        health = self._bench.engine.inspect(self.id)["State"].get("Health") or {}
        return tuple(
            HealthProbe(entry["ExitCode"], clean(entry["Output"])[:500])
            for entry in health.get("Log") or ()
        )

    def logs(self) -> Logs:
        """Everything printed so far."""
        logs = self._read_logs()
        shown = "\n".join(logs.lines[-SHOWN_LOG_LINES:])
        self._bench.record(Evidence("docker logs web", shown or "(nothing printed)"))
        return logs

    def lines(self) -> Logs:
        """The same, for a check that leaves a receipt of its own."""
        return self._read_logs()

    def _read_logs(self) -> Logs:
        engine = self._bench.engine
        out, err = (
            engine.logs(self.id, stdout=True, stderr=False),
            engine.logs(self.id, stdout=False, stderr=True),
        )
        return Logs(
            tuple(
                out.decode("utf-8", "replace").split("\n")[: -1 if out.endswith(b"\n") else None]
            ),
            tuple(
                err.decode("utf-8", "replace").split("\n")[: -1 if err.endswith(b"\n") else None]
            ),
        )

    def remove(self) -> None:
        """Remove at once and by force."""
        self._bench.engine.remove(self.id)


def run(
    bench: Bench,
    image: Image,
    *,
    config: Mapping[str, Any] | None = None,
    host: Mapping[str, Any] | None = None,
    files: bytes | None = None,
) -> Container:
    """Create and start a container of ``image`` in the bench's pod.

    ``config`` and ``host`` override the API body and its HostConfig; ``files`` is a tar archive
    put into the root before the start. Raises LearnerFault when it can't start.
    """
    pod = bench.pod
    body = {
        **(config or {}),
        "Image": image.id,
        "Labels": bench.session.labels,
        "HostConfig": host_config(
            bench.limits,
            network=f"container:{pod.id}",
            host_cpus=bench.engine.facts.cpus,
            volumes=image.volumes,
            overrides=host,
        ),
    }
    identity = ""
    try:
        identity = bench.session.owns(bench.engine.create(body))
        container = Container(bench, image, identity)
        if files:
            bench.engine.put_archive(identity, "/", files)
        bench.occupy(container)
        bench.engine.start(identity)
    except Refused as error:
        if any(fault in error.reason for fault in _START_FAULTS):
            raise LearnerFault(
                f"The container doesn't start: {_short(error.reason)}",
                Evidence("docker run -d --name web …", error.reason[:600], "a running container"),
            ) from error
        raise
    return container


def _excerpt(text: str) -> str:
    """The first and the last lines of a file."""
    lines = text.splitlines()
    return "\n".join([*lines[:2], "…", *lines[-3:]] if len(lines) > 6 else lines)[:1000]


def _top(processes: tuple[Process, ...]) -> str:
    """The processes as ``docker top`` shows them; the numbers of processes are the host's."""
    rows = [[*(name.upper() for name in _TOP[:-1]), "COMMAND"]]
    for process in processes[:20]:
        groups = ",".join(map(str, process.groups)) or "-"
        numbers = (process.host_pid, *process.uids, *process.gids, groups)
        rows.append([*map(str, numbers), process.command_line])
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TOP) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )


def _short(reason: str) -> str:
    text = reason.rsplit("runc create failed: ", 1)[-1].removeprefix("unable to start container ")
    return clean(text)[:300]


def _response(data: Mapping[str, Any]) -> Response:
    if "error" in data:
        return Response(0, {}, b"", data["seconds"], data["error"])
    return Response(
        data["status"],
        dict(data["headers"]),
        base64.b64decode(data["body"]),
        data["seconds"],
    )


def _state(data: Mapping[str, Any]) -> State:
    state = data["State"]
    return State(
        running=state["Running"],
        exit_code=state["ExitCode"],
        oom_killed=state["OOMKilled"],
        restarts=data["RestartCount"],
        error=state["Error"],
        health=(state.get("Health") or {}).get("Status", ""),
        pid=state["Pid"],
    )


def _curl(method: str, path: str, body: bytes, headers: Mapping[str, str] | None) -> str:
    words = ["curl", "-si"]
    if method != "GET":
        words += ["-X", method]
    for key, value in (headers or {}).items():
        words += ["-H", f"'{key}: {value}'"]
    if body:
        words += ["-d", "'" + body.decode("utf-8", "replace") + "'"]
    return " ".join([*words, f"http://localhost:{PORT}{path}"])
