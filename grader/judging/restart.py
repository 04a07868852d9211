"""Whether a service comes back by itself after a crash."""

from __future__ import annotations

from collections.abc import Mapping

from grader.compose import Service
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.verdict.report import Evidence

CRASH_SECONDS = 5.0
BACK_SECONDS = 15.0
OF_SWARM = (
    "deploy.restart_policy is Swarm's and has no such word; Compose takes it instead of restart, "
    "where both are there."
)
STATE = "docker inspect -f '{{.State.Status}}' web"


def back_after_crash(running: Container, path: str, bench: Bench) -> None:
    """Crash the service with a POST to ``path``; it is started again and answers."""
    running.send(path, method="POST", receipt=False)()
    end = running.wait_exit(CRASH_SECONDS)
    came = end is not None and running.wait_restart(BACK_SECONDS)
    state = "running" if came or running.state.running else "exited"
    crash = f"curl -s -X POST 'http://localhost:8000{path}' || true"
    bench.record(Evidence(f"{crash}; sleep 1; {STATE}", state))
    assert end is not None, (
        "The service's process crashed and the container did not end with it: something else is "
        "its first process, so no policy ever applies."
    )
    assert came, f"The service crashed with exit code {end.code} and was not started again."
    answer = running.send("/health", wait=BACK_SECONDS, receipt=False)()
    assert answer.ok, f"The container was started again, but /health came to {answer}."


def assert_unless_stopped(service: Service, bench: Bench) -> None:
    """The policy is unless-stopped."""
    policy = service.host.get("RestartPolicy") or {"Name": "no"}
    bench.record(
        Evidence("docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' web", policy["Name"])
    )
    deploy = service.written.get("deploy")
    of_swarm = isinstance(deploy, Mapping) and "restart_policy" in deploy
    assert policy["Name"] == "unless-stopped", (
        f"The restart policy is {policy['Name'] or 'no'!r}; it should be 'unless-stopped'."
        + (f" {OF_SWARM}" if of_swarm else "")
    )
