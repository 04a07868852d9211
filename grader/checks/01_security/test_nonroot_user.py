"""Exercise nonroot_user: run the service as an unprivileged user."""

import pytest

from grader.engine.image import Image
from grader.judging import identity
from grader.probe.container import Container

pytestmark = [pytest.mark.exercise("nonroot_user"), pytest.mark.observed]


@pytest.mark.points(1)
@pytest.mark.hint(
    "Read the message of the build: it names the line that failed.",
    "On Debian images, users are made with `groupadd` and `useradd` in a RUN line.",
)
def test_builds(image: Image) -> None:
    """The image builds."""
    assert image.id, "There is no image."


@pytest.mark.points(2)
@pytest.mark.expects("no 0 among the uids, the gids and the groups of any process")
@pytest.mark.hint(
    "Which user runs CMD when the Dockerfile doesn't say?",
    "USER takes effect for every instruction after it, and for the container.",
    "Make a user and a group with RUN groupadd … && useradd …, then write USER before CMD.",
)
def test_process_not_root(container: Container) -> None:
    """No process of the container has root's uid or group.

    Whoever breaks into the service gets what its processes have. Root in a container is the
    kernel's root, held back only by what the engine takes away; one mistake there and it is root
    on the host.
    """
    identity.assert_not_root(container.processes())


@pytest.mark.points(1)
@pytest.mark.expects("appuser, with a uid that isn't 0 and belongs to no other name")
@pytest.mark.hint(
    "The name belongs to the uid that the process has, in the container's /etc/passwd.",
    "useradd writes that entry; a bare number after USER needs one too.",
)
def test_whoami_is_appuser(container: Container) -> None:
    """The user is called appuser, and that is not another name for root.

    A name in /etc/passwd makes logs, file listings and error messages readable. A name alone
    proves nothing: root can be renamed.
    """
    entries = [line.split(":") for line in (container.read("/etc/passwd") or "").splitlines()]
    names = {
        int(entry[2]): entry[0] for entry in reversed(entries) if entry[2:3] and entry[2].isdigit()
    }
    for process in container.processes():
        uid = process.uids[1]
        assert uid != 0, (
            f"{process.command_line!r} runs as uid 0; /etc/passwd calls it "
            f"{names.get(0, 'nothing')!r}, but uid 0 is root under any name."
        )
        assert names.get(uid) == "appuser", (
            f"{process.command_line!r} runs as uid {uid}, which /etc/passwd calls "
            f"{names.get(uid, 'nothing at all')!r}."
        )


@pytest.mark.points(1)
@pytest.mark.expects("CapEff and CapPrm are 0000000000000000")
@pytest.mark.hint(
    "Capabilities are root's powers in pieces; a process that starts as another user gets none.",
    "A file with capabilities (setcap) hands them out again: leave them off the interpreter.",
)
def test_no_capabilities(container: Container) -> None:
    """No process holds a capability.

    The default set still lets a process change file owners, forge raw packets or ignore file
    permissions. A model server needs none of that.
    """
    for process in container.capabilities():
        held = process.cap_effective | process.cap_permitted
        assert held == 0, (
            f"{process.command_line!r} holds capabilities: CapEff {process.cap_effective:016x}, "
            f"CapPrm {process.cap_permitted:016x}."
        )


@pytest.mark.points(1)
@pytest.mark.expects("HTTP 200 with a score")
@pytest.mark.hint(
    "`docker logs web` shows why a service doesn't answer; a permission is the usual reason.",
    "The new user must be able to read app.py and model.json.",
)
def test_service_answers(container: Container) -> None:
    """The service still answers predictions."""
    response = container.post("/predict", {"features": [1.0, 2.0, 3.0]})
    assert response.ok, f"POST /predict came to {response}."
    assert response.json() == {"score": 4.75}, f"The score should be 4.75, it is {response.text}."
