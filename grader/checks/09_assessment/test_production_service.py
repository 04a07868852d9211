"""Exercise production_service: the ten points of the checklist, on a service of the learner's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from grader.compose import Service
from grader.engine.image import Image
from grader.judging import contents, identity, jsonlines, leaks, limits, refusal, restart, scan
from grader.judging import health as healths
from grader.judging import key as keys
from grader.judging import shutdown as shutdowns
from grader.judging.contents import Contents
from grader.judging.scenes import missing
from grader.judging.scenes import production as productions
from grader.judging.scenes.missing import Keyless, Modelless
from grader.judging.scenes.production import End, Production, Work
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Usage, own

pytestmark = [pytest.mark.exercise("production_service"), pytest.mark.observed]

SECRETS, VERSION = (".env", "api_key.txt"), "2026-11"


@pytest.fixture(scope="module")
def looking(image: Image, bench: Bench, given: Mapping[str, bytes]) -> Callable[[], Contents]:
    return contents.look(bench, image, leaks.needles(given, SECRETS))


@pytest.fixture(scope="module")
def seen(looking: Callable[[], Contents]) -> Contents:
    return looking()


@pytest.fixture(scope="module")
def production(service: Service, image: Image, start: Start) -> Production:
    return productions.prepare(service, image, start)


@pytest.fixture(scope="module")
def refusing(production: Production, bench: Bench) -> Callable[[], Keyless]:
    return missing.keyless(production, bench)


@pytest.fixture(scope="module")
def modelless(production: Production, refusing: Callable[[], Keyless]) -> Modelless:
    """Before its life in earnest, and beside the one without a key."""
    del refusing
    return missing.modelless(production)


@pytest.fixture(scope="module")
def running(production: Production, modelless: Modelless) -> Container:
    del modelless
    return production.run()


@pytest.fixture(scope="module")
def usage(running: Container) -> Usage:
    return running.usage()


@pytest.fixture(scope="module")
def work(running: Container, production: Production) -> Work:
    return productions.work(running, production.key)


@pytest.fixture(scope="module")
def end(running: Container, production: Production, work: Work, usage: Usage) -> End:
    """The end of that container, so it comes after everything else that looks at it."""
    del work, usage
    return productions.end(running, production)


@pytest.mark.points(1)
@pytest.mark.usefixtures("looking")  # it is read while the service starts
@pytest.mark.expects("no 0 among the uids, the gids and the groups of any process")
@pytest.mark.hint(
    "Which user runs CMD when the Dockerfile doesn't say?",
    "USER 10001:10001 needs no entry in /etc/passwd; the user must be able to read the code.",
)
def test_non_root(running: Container, service: Service, image: Image) -> None:
    """No process of the service has root's uid or group.

    Whoever breaks into the service gets what its processes have.
    """
    processes = own(running.processes())
    running.show(processes)
    identity.assert_unprivileged(processes, service.config.get("User") or image.user)


@pytest.mark.points(1)
@pytest.mark.expects("at most 70 MB above python:3.11-slim")
@pytest.mark.hint(
    "docker history shows which line costs how much.",
    "Start the last stage from python:3.11-slim or distroless, and copy only what is needed.",
)
def test_minimal_base(seen: Contents, bench: Bench) -> None:
    """The image stands on a small base and adds little.

    What isn't there can't be attacked, needs no update and isn't pulled by every machine.
    """
    contents.assert_size(bench, seen.layers, "$(docker inspect -f '{{.Image}}' web)")


@pytest.mark.points(1)
@pytest.mark.expects("nothing HIGH or CRITICAL that has a fix")
@pytest.mark.hint(
    "Which packages are in the image that the service doesn't need? A scan counts them as well.",
    "python -m venv brings its own pip and setuptools along, as old as that Python.",
    "python -m venv --without-pip with pip --python; or pip install --target; or upgrade them.",
)
def test_vulnerability_free(seen: Contents, given: Mapping[str, bytes], bench: Bench) -> None:
    """A scan finds nothing HIGH or CRITICAL that has a fix, in what was added to the base.

    A hole that is known and mended elsewhere is the first that is tried. The scan goes by the
    metadata of the installed Python packages and the lab's recorded database, advisories.json.
    """
    scan.assert_none_severe(seen, given["advisories.json"], bench)


@pytest.mark.points(1)
@pytest.mark.expects("healthy; and not healthy with MODEL_PATH=/nonexistent/model.json")
@pytest.mark.hint(
    "docker inspect shows what the probe printed. Does the program that it calls exist?",
    "The slim image has no curl; Python's urllib.request.urlopen raises on any bad answer.",
    "/health answers 503 without a model, and the probe must take that for a failure.",
)
def test_health_check(
    running: Container, image: Image, service: Service, modelless: Modelless
) -> None:
    """The service is healthy when it works, and isn't without a model.

    Docker, Compose and load balancers act on this status.
    """
    healths.assert_checked(image, service)
    answer = running.get("/health")
    assert answer.ok, f"GET /health came to {answer}."
    healths.assert_becomes(running, "healthy", "The service works, and its status is")
    refusal.assert_needs_model(modelless)


@pytest.mark.points(1)
@pytest.mark.expects("unless-stopped, and started again after its end")
@pytest.mark.hint(
    "Who starts the service again when its process has ended?",
    "Two policies bring it back after every end and every reboot; one leaves what was stopped.",
    "restart: unless-stopped. Without its key the service ends, with an exit code other than 0.",
)
def test_restart_policy(service: Service, refusing: Callable[[], Keyless], bench: Bench) -> None:
    """The service refuses to start without its key, and is started again when it ends.

    A service that can't work should say so at once; and whatever ends by itself should come back,
    except when somebody had stopped it.
    """
    keyless = refusing()
    refusal.assert_needs_key(keyless)
    restart.assert_unless_stopped(service, bench)
    refusal.assert_comes_back(keyless)


@pytest.mark.points(1)
@pytest.mark.expects("the request in flight is answered, and exit code 0 or 143")
@pytest.mark.hint(
    "What runs as process 1 decides who gets the signal: docker top web shows it.",
    "uvicorn and gunicorn finish their requests by themselves; a server of your own has to.",
    "How long does docker stop wait? stop_grace_period has to be longer than a request.",
)
def test_graceful_shutdown(running: Container, end: End, bench: Bench) -> None:
    """On docker stop the request in flight gets its answer, and the service ends by itself.

    Every deployment stops containers. What doesn't finish loses requests each time.
    """
    shutdowns.assert_stops(end.shutdown, running, bench)
    shutdowns.assert_clean(end.shutdown)


@pytest.mark.points(1)
@pytest.mark.expects("at most 512 MiB and one CPU, held by the kernel")
@pytest.mark.hint(
    "Where does a compose file say how much a service may take?",
    "deploy, resources, limits: memory and cpus.",
)
def test_resource_limits(service: Service, usage: Usage, bench: Bench) -> None:
    """The kernel holds the service to its share of memory and CPU.

    One service that leaks or spins then can't take the whole machine along.
    """
    limits.assert_memory(service, usage, bench)
    limits.assert_cpu(service, usage, bench)


@pytest.mark.points(1)
@pytest.mark.expects("one JSON object per line; request_id and model_version with a prediction")
@pytest.mark.hint(
    "Look at docker logs: which lines are not yours? A framework has loggers of its own.",
    "datetime.now(UTC).isoformat() has an offset; datetime.utcnow() has none.",
    "What is passed with extra= becomes attributes of the record: put them into the line.",
)
def test_structured_logging(end: End, work: Work, modelless: Modelless, bench: Bench) -> None:
    """Every line is a JSON object with the fields that searches rely on.

    A collector parses line by line, and the request's id ties the lines of services together.
    (This container's clock is set to Kathmandu's time.)
    """
    lines = jsonlines.assert_sound(bench, end.printed, work.begun - 60, end.at)
    jsonlines.assert_tells(bench, lines, work.request, work.right, VERSION)
    jsonlines.assert_quiet(modelless.printed)
    refusal.assert_told_from_faults(work.garbled)


@pytest.mark.points(1)
@pytest.mark.expects("no secret in the image or in compose.yaml; 401 without the key")
@pytest.mark.hint(
    "COPY . . takes everything that .dockerignore doesn't leave out.",
    "A file that a later line deletes is still in the layer that it came with.",
    "The service reads the key from /run/secrets/api_key when it starts, and compares.",
)
def test_no_secrets(
    seen: Contents, image: Image, service: Service, bench: Bench, request: pytest.FixtureRequest
) -> None:
    """The image holds no secret; the key comes at run time, is asked for, and stays out of the log.

    Everyone who can pull the image can read every layer of it.
    """
    leaks.assert_not_in_layers(bench, seen.layers, seen.secrets)
    leaks.assert_not_published(image, seen.secrets)
    leaks.assert_not_in_environment(service, seen.secrets)
    keys.assert_given(service)
    work: Work = request.getfixturevalue("work")
    keys.assert_kept(work, request.getfixturevalue("end").printed, bench)


@pytest.mark.points(1)
@pytest.mark.expects("no compiler, no make, no package cache and no wheel")
@pytest.mark.hint(
    "What is needed to install, and what to run the service?",
    "Install in a first stage, into a folder of its own, and copy only that into the last one.",
)
def test_multi_stage(seen: Contents, image: Image, bench: Bench) -> None:
    """Nothing of the build is left in the result.

    A compiler is for whoever breaks in; a cache is for nobody.
    """
    contents.assert_lean(bench, seen, image)
