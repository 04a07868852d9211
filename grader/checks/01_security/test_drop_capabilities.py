"""Exercise drop_capabilities: a service that must be root holds the one capability it needs."""

from __future__ import annotations

import pytest

from grader.compose import Service
from grader.engine import capability
from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.container import Container, receipt
from grader.probe.start import Start
from grader.verdict.facts import Process
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("drop_capabilities"), pytest.mark.observed]

NEEDED = "NET_BIND_SERVICE"
FEATURES = {"features": [1.0, 2.0, 3.0]}
SCORE = 4.75
_NOT_ROOT = (
    "A capability that is added takes effect for root alone, and the service runs as user {user}."
)


@pytest.fixture(scope="module")
def running(service: Service, image: Image, start: Start) -> Container:
    """The service as the compose file starts it. What it adds is judged from the request."""
    return start(image, config=service.config, host=service.with_default_capabilities)


@pytest.fixture(scope="module")
def processes(running: Container) -> tuple[Process, ...]:
    return running.capabilities()


def _listed(names: frozenset[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")


@pytest.mark.points(3)
@pytest.mark.expects("CapEff and CapBnd 0000000000000400: NET_BIND_SERVICE and nothing else")
@pytest.mark.hint(
    "Start from nothing: which key takes capabilities away, and which word means all of them?",
    "cap_drop: [ALL] leaves none; cap_add gives single ones back.",
    "Opening a reserved port takes NET_BIND_SERVICE.",
)
def test_only_needed_capabilities(
    processes: tuple[Process, ...], service: Service, bench: Bench
) -> None:
    """The service holds NET_BIND_SERVICE and can get no other capability.

    What is not in the bounding set can't be had by any program of the container, whatever it is
    made to run. Docker grants fourteen; most services use none.
    """
    for process in processes[: receipt.SHOWN_PROCESSES]:
        bench.record(receipt.bounding(process))
    asked = frozenset(map(capability.plain, service.host.get("CapAdd") or ())) - {NEEDED}
    assert not asked, f"The compose file adds {_listed(asked)}, which the service doesn't need."
    for process in processes:
        for label, mask in (
            ("bounding", process.cap_bounding),
            ("effective", process.cap_effective),
        ):
            extra = capability.names(mask) - {NEEDED}
            assert not extra, (
                f"{process.command_line!r} has more than {NEEDED} in its {label} set: "
                f"{_listed(extra)}."
            )
    able = [process for process in processes if NEEDED in capability.names(process.cap_effective)]
    others = sorted({process.uids[1] for process in processes} - {0})
    assert able, f"No process has {NEEDED} in its effective set, so none can open port 80." + (
        f" {_NOT_ROOT.format(user=others[0])}" if others and service.host.get("CapAdd") else ""
    )


@pytest.mark.points(2)
@pytest.mark.expects("NoNewPrivs: 1")
@pytest.mark.hint(
    "A set-uid program may bring privileges back. A security option forbids that.",
    "security_opt: [no-new-privileges:true]",
)
def test_no_new_privileges(processes: tuple[Process, ...], bench: Bench) -> None:
    """No process can gain privileges by starting a program.

    The kernel then ignores set-uid bits and file capabilities: sudo, su and ping are programs
    like any other.
    """
    for process in processes[: receipt.SHOWN_PROCESSES]:
        bench.record(
            Evidence(
                f"{receipt.BESIDE} grep NoNewPrivs /proc/{process.pid}/status",
                f"NoNewPrivs:\t{int(process.no_new_privileges)}",
            )
        )
    weak = [process for process in processes if not process.no_new_privileges]
    assert not weak, (
        f"{weak[0].command_line!r} may gain privileges by starting a set-uid program "
        "(NoNewPrivs is 0)."
    )


@pytest.mark.points(1)
@pytest.mark.expects("HTTP 200 on port 8000 and on port 80")
@pytest.mark.hint(
    "docker compose logs: what does the service say about port 80?",
    "Reserved ports take NET_BIND_SERVICE, and it counts for root only.",
)
def test_service_answers(running: Container, bench: Bench) -> None:
    """The service answers on port 8000 and on port 80.

    Taking away what a service needs is an outage, not security.
    """
    answer = running.post("/predict", FEATURES)
    assert answer.ok, f"POST /predict on port 8000 came to {answer}."
    assert (answer.json() or {}).get("score") == SCORE, f"POST /predict gave {answer}."
    web = running.send("/health", port=80, receipt=False)()
    bench.record(
        Evidence(
            'docker exec web python -c "from urllib.request import urlopen; '
            "print(urlopen('http://localhost:80/health').read().decode())\"",
            web.text[:300] or f"({web})",
        )
    )
    assert web.ok, f"GET /health on port 80 came to {web}."
