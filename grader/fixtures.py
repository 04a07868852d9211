"""The fixtures that checks are written with: the image, the running service, and the means to
start another one. One instance belongs to one grading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pytest

from grader import build, buildgroup, container, recipe
from grader import image as images
from grader.bench import Bench
from grader.catalog import Exercise
from grader.container import Container
from grader.event import Event, Listener
from grader.image import Image
from grader.outcome import BuildFailed, GraderError
from grader.submission import Submission


class Start(Protocol):
    """Starts a container of the submission's image. With ``ready``, waits until it serves.

    The pod has room for one container: the one before is removed.
    """

    def __call__(
        self,
        image: Image,
        *,
        config: Mapping[str, Any] | None = None,
        host: Mapping[str, Any] | None = None,
        files: bytes | None = None,
        ready: bool = True,
    ) -> Container: ...


class Fixtures:
    """Session-wide fixtures, registered with pytest as a plugin object."""

    def __init__(
        self, exercise: Exercise, submission: Submission, bench: Bench, listen: Listener
    ) -> None:
        self._exercise = exercise
        self._submission = submission
        self._bench = bench
        self._listen = listen

    @pytest.fixture(scope="session")
    def bench(self) -> Bench:
        return self._bench

    @pytest.fixture(scope="session")
    def answers(self) -> Mapping[str, str]:
        """The learner's files as text."""
        return {name: content.decode() for name, content in self._submission.files.items()}

    @pytest.fixture(scope="session")
    def image(self) -> Image:
        """The image built from the given files and the answers."""
        self._listen(Event("phase", "building the image"))
        files = {**self._exercise.given, **self._submission.files}
        try:
            with buildgroup.slot(self._bench.engine.facts.cgroup_driver) as group:
                identity = build.build(
                    recipe.review(files["Dockerfile"].decode()),
                    files,
                    folder=self._bench.session.folder,
                    labels=self._bench.session.labels,
                    seconds=self._bench.limits.build_seconds,
                    printed=lambda line: self._listen(Event("output", line)),
                    group=group,
                )
        except BuildFailed as error:
            if "Dockerfile" in self._exercise.answers:
                raise
            raise GraderError(f"The given image can't be built: {error.message}") from error
        self._bench.session.owns_image(identity)
        return images.inspect(self._bench.engine, identity)

    @pytest.fixture(scope="session")
    def start(self) -> Start:
        """Start a container and, unless told otherwise, wait until the service answers."""

        def start(
            image: Image,
            *,
            config: Mapping[str, Any] | None = None,
            host: Mapping[str, Any] | None = None,
            files: bytes | None = None,
            ready: bool = True,
        ) -> Container:
            self._listen(Event("phase", "starting the container"))
            started = container.run(self._bench, image, config=config, host=host, files=files)
            if ready:
                started.wait_ready()
            self._listen(Event("phase", "looking at the container"))
            return started

        return start

    @pytest.fixture(scope="session")
    def container(self, image: Image, start: Start) -> Container:
        """The service of the submission, running and answering."""
        return start(image)
