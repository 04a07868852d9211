"""Exercise minimal_image: an image that holds what runs, and not what built it."""

import re
from collections.abc import Mapping

import pytest

from grader.engine import bases
from grader.engine.image import Image
from grader.judging import contents
from grader.probe import packagecache
from grader.probe.bench import Bench
from grader.probe.buildtools import Tool
from grader.probe.container import Container
from grader.probe.layers import Entry, Layers, beyond_slim
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("minimal_image")]

BUDGET_MB = 30
TOOLS = "^(usr/(local/)?)?bin/(cc|gcc|g[+][+]|make)$"
CACHES = "var/lib/apt/lists/.+|[.]cache/(pip|uv)/.+"


@pytest.mark.points(1)
@pytest.mark.hint(
    "Read the message of the build: it names the line that failed.",
    "A file of an earlier stage is copied with COPY --from=name; paths there are that stage's.",
)
def test_builds(image: Image) -> None:
    """The image builds."""
    assert image.id, "There is no image."


@pytest.mark.points(2)
@pytest.mark.expects("HTTP 200 with a score")
@pytest.mark.hint(
    "`docker logs web` shows what the service misses.",
    "What runs needs app.py, model.json, libscore.so beside them, and the orjson package.",
    "pip install --target packages puts packages into a folder that can be copied; PYTHONPATH "
    "tells Python of it. A virtual environment does as well.",
)
def test_service_answers(container: Container) -> None:
    """The service answers, with the compiled library and the installed package.

    A small image that lacks something is smaller still, and of no use.
    """
    response = container.post("/predict", {"features": [1.0, 2.0, 3.0]})
    assert response.ok, f"POST /predict came to {response}."
    assert response.json() == {"score": 4.75}, f"The score should be 4.75, it is {response.text}."


@pytest.mark.points(3)
@pytest.mark.expects("at most 30 MB more than python:3.11-slim")
@pytest.mark.hint(
    "docker history web shows how much each instruction adds. Which one is the largest?",
    "A file that a later RUN deletes stays in the layer that brought it, and in the size.",
    "Compile in a first stage (FROM python:3.11 AS builder); start the last one from "
    "python:3.11-slim and COPY --from=builder what the service needs.",
)
def test_size_within_budget(layers: Layers, bench: Bench) -> None:
    """The image is hardly larger than python:3.11-slim.

    Every host that runs the service downloads all of it, and every file in it is one more that may
    turn out to have a hole.
    """
    above = beyond_slim(bench, layers) / 1_000_000
    rows = contents.show_sizes(bench, layers)
    base = next((name for name, ours in bases.BASES.items() if ours == layers.base), "")
    reasons = [f"{row.replace('  ', ' by `', 1)}`" for row in rows]
    if base and layers.base == bases.FULL:
        reasons.insert(0, f"it stands on {base}, which holds a compiler and much else")
    assert above <= BUDGET_MB, (
        f"The image is {above:.0f} MB larger than python:3.11-slim. "
        f"What is large: {'; '.join(reasons) or 'many small layers'}."
    )


@pytest.mark.points(2)
@pytest.mark.expects("no cc, gcc, g++ or make, under any name")
@pytest.mark.hint(
    "Does the image that runs need a compiler, or only what the compiler made?",
    "The last FROM decides what is in the image: python:3.11 brings gcc and make, "
    "python:3.11-slim doesn't.",
    "Copy single results (libscore.so, the packages) from the builder, not folders of programs.",
)
def test_no_build_tools(
    build_tools: tuple[Tool, ...], filesystem: Mapping[str, Entry], bench: Bench
) -> None:
    """No compiler and no make is left in the image.

    Whoever breaks in finds the tools to build more on the spot; nobody else needs them there.
    """
    seen = [path[1:] for path in filesystem if re.match(TOOLS, path[1:])]
    command = f"docker export web | tar -t | grep -E '{TOOLS}' || echo none"
    bench.record(Evidence(command, "\n".join(sorted(seen)) or "none"))
    disguised = [tool for tool in build_tools if tool.known_by]
    assert not disguised, f"{disguised[0].path} is {disguised[0].known_by}, by its content."
    names = ", ".join(tool.path for tool in build_tools[:6])
    more = f" and {len(build_tools) - 6} more" if len(build_tools) > 6 else ""
    assert not build_tools, f"The image holds build tools: {names}{more}."


@pytest.mark.points(2)
@pytest.mark.expects("no lists of apt, no cache of pip")
@pytest.mark.hint(
    "What does apt-get update download, and who needs it later?",
    "Delete the lists in the same RUN that fetched them, or they stay in its layer.",
    "rm -rf /var/lib/apt/lists/* at the end of the RUN; pip install --no-cache-dir; or do both in "
    "a stage that isn't the last.",
)
def test_no_package_caches(filesystem: Mapping[str, Entry], layers: Layers, bench: Bench) -> None:
    """Neither apt's lists nor pip's cache are left in the image.

    They are megabytes that nothing reads again, and tomorrow they are out of date.
    """
    found = packagecache.find(filesystem, layers.base_layers)
    files = [entry.path[1:] for entries in found.values() for entry in entries]
    command = f"docker export web | tar -t | grep -E '{CACHES}' | head -5"
    bench.record(Evidence(command, "\n".join(files[:5]) or "(nothing)"))
    told = [
        f"{kind} ({entries[0].path}"
        + (f" and {len(entries) - 1} more)" if len(entries) > 1 else ")")
        for kind, entries in found.items()
    ]
    assert not found, f"The image still holds {'; '.join(told)}."
