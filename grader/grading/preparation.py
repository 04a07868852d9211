"""The submission's image, built in the background from the first moment on.

The build starts before pytest does; the pod starts beside it. This module doesn't import pytest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from grader.answer import recipe
from grader.answer.submission import Submission
from grader.compose import Building
from grader.engine import build, buildgroup
from grader.engine import image as images
from grader.engine.build import Secret
from grader.engine.image import Image
from grader.exercise.catalog import Exercise
from grader.probe.bench import Bench
from grader.probe.canaries import Canaries
from grader.verdict.event import Event, Listener
from grader.verdict.outcome import BuildFailed, GraderError

DOCKERFILE = "Dockerfile"


class Preparation:
    """The image of one submission, from the given files and the answers."""

    def __init__(
        self, exercise: Exercise, submission: Submission, bench: Bench, listen: Listener
    ) -> None:
        self._is_answer = DOCKERFILE in exercise.answers
        self.canaries = Canaries(exercise.canaries)
        self.given = self.canaries.placed(exercise.given)
        self.files = {**self.given, **submission.files}
        self.sysctls: Mapping[str, str] = exercise.sysctls
        self._bench = bench
        self._listen = self.listener(listen)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="build")
        self._group: str | None = None
        self._image: Future[Image] | None = None
        if exercise.containers and DOCKERFILE in self.files and not submission.faults:
            self._image = self._pool.submit(self._build, self.files)

    def listener(self, listen: Listener) -> Listener:
        """``listen``, told of no secret."""
        return lambda event: listen(self.canaries.hide(event))

    def image(self) -> Image:
        """The built image. Raises BuildFailed when that is the learner's fault, else GraderError;
        always the same exception object, so that it is blamed once."""
        if self._image is None:
            raise GraderError("This exercise has no Dockerfile to build.")
        return self._image.result()

    def again(self, changes: Mapping[str, bytes]) -> Callable[[], Image]:
        """Build once more with changed files, in the background and after the first build;
        calling the result waits for the image."""
        return self._pool.submit(self._build, {**self.files, **changes}).result

    def as_asked(self, building: Building) -> Image:
        """The image as a compose file wants it built. Raises BuildFailed, GraderError."""
        files = {**self.files, DOCKERFILE: building.dockerfile.encode()}
        return self._pool.submit(self._build, files, building).result()

    def close(self) -> None:
        self._pool.shutdown(wait=True)

    def _build(self, files: Mapping[str, bytes], building: Building | None = None) -> Image:
        self._listen(Event("phase", "building the image"))
        try:
            arguments = {
                **self.canaries.build_arguments,
                **(building.arguments if building else {}),
            }
            with buildgroup.slot(self._bench.engine.facts.cgroup_driver, self._group) as group:
                self._group = group
                identity = build.build(
                    recipe.review(files[DOCKERFILE].decode(), given=arguments),
                    files,
                    folder=self._bench.session.folder,
                    labels={**(building.labels if building else {}), **self._bench.session.labels},
                    seconds=self._bench.limits.build_seconds,
                    secrets=[Secret(*each) for each in self.canaries.build_secrets.items()],
                    arguments=arguments,
                    target=building.target if building else "",
                    printed=lambda line: self._listen(Event("output", line)),
                    group=group,
                )
        except BuildFailed as error:
            if self._is_answer or building:
                raise
            raise GraderError(f"The given image can't be built: {error.message}") from error
        self._bench.session.owns_image(identity)
        return images.inspect(self._bench.engine, identity)
