"""Whether the secrets that lie beside the code got into an image."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from grader.compose import Service
from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.layers import Layers
from grader.verdict.report import Evidence

_SECRET = re.compile(rb"\bdev-[\w-]{20,}")
"""What a given secret looks like: nothing else in an image does."""


def needles(given: Mapping[str, bytes], names: Iterable[str]) -> dict[str, bytes]:
    """The secret in each of the given files, by the file's name."""
    return {name: match[0] for name in names if (match := _SECRET.search(given[name]))}


def assert_not_in_layers(bench: Bench, layers: Layers, secrets: Mapping[str, bytes]) -> None:
    """No layer holds one of the secrets that were looked for, nor is one hidden below another."""
    leaked = [found for found in layers.sightings if found.name in secrets]
    seen = [
        f"{found.path} ({found.form}), layer of `{layers.layer(found.layer).instruction[:60]}`"
        for found in leaked
    ]
    bench.record(
        Evidence(_looking(), "\n".join(seen[:10]), told=True) if seen else Evidence(_looking(), "")
    )
    first = next(iter(leaked), None)
    assert first is None, (
        f"The secret of {first.name} is in the image: {seen[0]}. Everyone who can pull the image "
        "can read it, also when a later line deletes it."
    )


def _looking() -> str:
    return (
        "d=$(mktemp -d); docker save $(docker inspect -f '{{.Image}}' web) | tar -xC $d; "
        "for f in $(find $d -type f); do tar -xOf $f 2>/dev/null; done | "
        "grep -aoE 'dev-[a-z-]*[0-9a-f]{16}[a-z-]*' | sort -u; rm -r $d"
    )


def assert_not_published(image: Image, secrets: Mapping[str, bytes]) -> None:
    """Neither the image's configuration nor its history holds one of the secrets."""
    published = "\n".join((image.configuration, *image.history))
    for name, secret in secrets.items():
        assert secret.decode() not in published, (
            f"The secret of {name} stands in the image's configuration: docker inspect or docker "
            "history shows it to everyone who can pull the image."
        )


def assert_not_in_environment(service: Service, secrets: Mapping[str, bytes]) -> None:
    """compose.yaml doesn't write one of the secrets into the container's environment."""
    for pair in service.config.get("Env") or ():
        variable, _, value = pair.partition("=")
        for name, secret in secrets.items():
            assert secret.decode() not in value, (
                f"compose.yaml sets {variable} to the secret of {name}: it stands in the file that "
                "everyone shares, and docker inspect shows it."
            )
