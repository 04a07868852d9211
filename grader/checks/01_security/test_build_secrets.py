"""Exercise build_secrets: secrets for the build and for the service, and none in the image."""

import hashlib
import hmac
from collections.abc import Mapping

import pytest

from grader.engine.image import Image
from grader.judging import ignored
from grader.probe.bench import Bench
from grader.probe.canaries import Canaries
from grader.probe.container import Container
from grader.probe.layers import Entry, Layers
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("build_secrets")]

SECRETS = {
    "env_password": "the password of .env",
    "credential": "the password of credentials.json",
    "pip_token": "the build secret pip_token",
    "token_argument": "the token that was given as build argument PIP_TOKEN",
    "api_key": "the key of /run/secrets/api_key",
}
"""What the learner knows each canary as."""

FILES = {"env_password": ".env", "credential": "credentials.json"}
"""The files of the build context that hold them."""
SAMPLES = "-e sample-password -e sample-credential -e sample-token"
LAYERS = f"docker save web | tar -xO | grep -a {SAMPLES} || echo none"
CONFIG = (
    "(docker image inspect web; docker history --no-trunc --format '{{.CreatedBy}}' web)"
    f" | grep {SAMPLES} || echo none"
)
NONCE = "a number used once"


def _proof(secret: str, text: str) -> str:
    """What only the holder of a secret can make of a text."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _begun(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[0].upper() + text[1:]


STARTERS_KEY = "dev-key-for-everybody"


@pytest.mark.points(1)
@pytest.mark.hint(
    "Read the message of the build: it names the line that failed.",
    "What .dockerignore leaves out can't be copied. fetch_licence.py needs order.json beside it, "
    "and the token.",
)
def test_builds(image: Image) -> None:
    """The image builds."""
    assert image.id, "There is no image."


@pytest.mark.points(3)
@pytest.mark.expects("none of the secrets in any layer, deleted files included")
@pytest.mark.hint(
    "COPY . . copies the whole folder, with what lies there for development.",
    "A RUN rm hides a file in a new layer; the layer below still has it, and docker save shows it.",
    "List .env and credentials.json in .dockerignore, or copy files by name; write the token "
    "into no file.",
)
def test_no_secret_in_layers(
    layers: Layers,
    filesystem: Mapping[str, Entry],
    answers: Mapping[str, str],
    bench: Bench,
) -> None:
    """No layer of the image holds a secret, not even in a file that was deleted later.

    Whoever can pull the image can unpack its layers one by one. Deleting and encoding hide
    nothing.
    """
    seen = [sighting for sighting in layers.sightings if sighting.name in SECRETS]
    rows = [f"{each.path} ({SECRETS[each.name]}, {each.form})" for each in seen]
    bench.record(Evidence(LAYERS, "\n".join(rows[:10]) or "none", told=bool(rows)))
    if not seen:
        return
    first = seen[0]
    entry = filesystem.get(first.path)
    hidden = entry is None or entry.layer != first.layer
    later = " A later step deletes or replaces the file; the layer keeps it." if hidden else ""
    encoded = "" if first.form == "as it is" else f" ({first.form})"
    more = f" {len(seen) - 1} more like it." if len(seen) > 1 else ""
    instruction = layers.layer(first.layer).instruction
    source = FILES.get(first.name, "")
    is_copied = instruction.startswith(("COPY", "ADD")) and first.path.endswith(f"/{source}")
    missed = ignored.why(answers.get(ignored.IGNORE, ""), source) if source and is_copied else ""
    raise AssertionError(
        f"{_begun(SECRETS[first.name])} lies in {first.path}{encoded}, in the layer of "
        f"`{instruction[:120]}`.{later}{f' {missed}' if missed else ''}{more}"
    )


@pytest.mark.points(2)
@pytest.mark.expects("none of the secrets in the environment, the labels, the history")
@pytest.mark.hint(
    "docker history --no-trunc web shows each instruction, with the build arguments that it had.",
    "ENV, LABEL and ARG all end up where docker inspect or docker history shows them.",
    "Take ARG PIP_TOKEN out; RUN --mount=type=secret,id=pip_token leaves no value behind.",
)
def test_no_secret_in_config(image: Image, canaries: Canaries, bench: Bench) -> None:
    """Neither the image's configuration nor its history shows a secret.

    Both belong to the image and go wherever it goes: docker inspect needs no rights that docker
    pull doesn't.
    """
    texts = {
        "the environment (ENV)": "\n".join(f"{k}={v}" for k, v in image.environment.items()),
        "the labels": "\n".join(f"{k}={v}" for k, v in image.labels.items()),
        "the history": "\n".join(image.history),
        "the configuration": image.configuration,
    }
    found = {place: canaries.found_in(text) for place, text in texts.items()}
    rows = [
        line.strip()[:200]
        for text in texts.values()
        for line in text.splitlines()
        if canaries.found_in(line)
    ]
    bench.record(Evidence(CONFIG, "\n".join(dict.fromkeys(rows)) or "none", told=bool(rows)))
    default = image.environment.get("API_KEY")
    assert not default, (
        "API_KEY is set in the environment (ENV) of the image: docker inspect shows it to "
        "everybody, and the service signs with it wherever no other key is given."
    )
    for place, text in texts.items():
        assert STARTERS_KEY not in text, (
            f"The key that the service signs with stands in {place} of the image."
        )
    for place, secrets in found.items():
        for name, form in secrets.items():
            encoded = "" if form == "as it is" else f" ({form})"
            raise AssertionError(
                f"{_begun(SECRETS[name])} stands in {place} of the image{encoded}."
            )


@pytest.mark.points(2)
@pytest.mark.expects("a licence that was made with the build secret")
@pytest.mark.hint(
    "fetch_licence.py looks for the token in /run/secrets/pip_token. Who puts it there?",
    "BuildKit shows a secret to a single RUN, as a file, when that RUN asks for it.",
    "RUN --mount=type=secret,id=pip_token python fetch_licence.py; in several stages, copy "
    "licence.json to the last one.",
)
def test_build_secret_was_used(container: Container, canaries: Canaries) -> None:
    """The build used the secret pip_token: the licence could be made by nobody else.

    An image without secrets is easily had by leaving the step out. This one needed the token and
    still doesn't hold it.
    """
    response = container.get("/licence")
    assert response.ok, f"The service has no licence: GET /licence came to {response}."
    told = response.json()
    licence = told.get("licence") if isinstance(told, dict) else None
    order = canaries.value("order")
    from_argument = licence == _proof(canaries.value("token_argument"), order)
    assert not from_argument, (
        "The licence was made with the build argument PIP_TOKEN, which builds keep in their "
        "history and in their records, not with the secret pip_token."
    )
    assert licence == _proof(canaries.value("pip_token"), order), (
        "licence.json was not made by fetch_licence.py with the secret pip_token and this order: "
        f"GET /licence came to {response}."
    )


@pytest.mark.points(2)
@pytest.mark.expects("a signature made with the key of /run/secrets/api_key")
@pytest.mark.hint(
    "Which key does the service use? The beginning of app.py says where it looks, in which order.",
    "A key that stands in the image (ENV) wins over the file, and is the same everywhere.",
    "Take ENV API_KEY out of the Dockerfile, and leave API_KEY_FILE alone.",
)
def test_runtime_secret_is_read(container: Container, canaries: Canaries) -> None:
    """The service signs with the key that it got when it was started.

    A key that comes at the start can be another one in each place, and be changed without a build.
    """
    response = container.post("/sign", {"nonce": NONCE})
    assert response.ok, f"POST /sign came to {response}."
    told = response.json()
    signature = told.get("signature") if isinstance(told, dict) else None
    assert signature == _proof(canaries.value("api_key"), NONCE), (
        "The service signs, but not with the key in /run/secrets/api_key: it has another one."
    )
