"""What checks are given, on the real engine: a bench, images, and the means to start containers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from grader.answer import recipe
from grader.engine import build
from grader.engine import image as images
from grader.engine.client import connect
from grader.engine.image import Image
from grader.engine.sandbox import LIMITS
from grader.engine.session import Session
from grader.probe import container
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Rebuild, Start
from grader.verdict.report import Evidence

SERVICE = Path(__file__).parent / "scenes" / "service.py"
DOCKERFILE = """FROM python:3.11-slim
WORKDIR /app
RUN mkdir /data
ENV TRAITS="{traits}"
COPY . .
CMD ["python", "app.py"]
"""


class Built(Protocol):
    """Builds an image of the small service with these traits, and with more files beside it."""

    def __call__(self, traits: str = "", files: Mapping[str, bytes] | None = None) -> Image: ...


@pytest.fixture
def evidence(bench: Bench) -> list[Evidence]:
    """What a test has left as evidence."""
    recorded: list[Evidence] = []
    bench.record = recorded.append
    return recorded


@contextlib.contextmanager
def opened() -> Iterator[Bench]:
    """A bench with a session of its own, as a grading has one."""
    with Session(connect()) as session:
        bench = Bench(session.engine, session, LIMITS, lambda evidence: None)
        yield bench
        bench.close()


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with opened() as bench:
        yield bench


def made(bench: Bench, text: str, files: Mapping[str, bytes]) -> Image:
    """An image of the session's."""
    session = bench.session
    identity = build.build(
        recipe.review(text),
        files,
        folder=session.folder,
        labels=session.labels,
        seconds=60.0,
        printed=lambda line: None,
    )
    session.owns_image(identity)
    return images.inspect(session.engine, identity)


@pytest.fixture(scope="module")
def built(bench: Bench) -> Built:
    def built(traits: str = "", files: Mapping[str, bytes] | None = None) -> Image:
        content = {"app.py": SERVICE.read_bytes(), **(files or {})}
        return made(bench, DOCKERFILE.format(traits=traits), content)

    return built


@pytest.fixture(scope="module")
def start(bench: Bench) -> Start:
    def start(
        image: Image,
        *,
        config: Mapping[str, Any] | None = None,
        host: Mapping[str, Any] | None = None,
        files: bytes | None = None,
        secrets: Mapping[str, bytes] | None = None,
        ready: bool = True,
        beside: bool = False,
    ) -> Container:
        started = container.run(
            bench, image, config=config, host=host, files=files, secrets=secrets, beside=beside
        )
        if ready and not beside:
            started.wait_ready()
        return started

    return start


@pytest.fixture(scope="module")
def rebuild(bench: Bench, built: Built) -> Rebuild:
    def rebuild(changes: Mapping[str, bytes]) -> Callable[[], Image]:
        return bench.beside(lambda: built("", changes))

    return rebuild
