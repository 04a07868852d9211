"""The fixtures that checks are written with: the image, the running service, and the means to
start another one. One instance belongs to one grading."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from grader import compose
from grader.answer import run_command as run_commands
from grader.answer.run_command import RunCommand
from grader.answer.submission import Submission
from grader.compose import ComposeFile, Service
from grader.engine import gpu
from grader.engine.gpu import GpuHost
from grader.engine.image import Image
from grader.grading.preparation import Preparation
from grader.probe import buildtools, container
from grader.probe import layers as image_layers
from grader.probe.bench import Bench
from grader.probe.buildtools import Tool
from grader.probe.canaries import Canaries
from grader.probe.container import Container
from grader.probe.layers import Entry, Layers
from grader.probe.start import Rebuild, Start
from grader.stage import Stage
from grader.verdict.event import Event, Listener
from grader.verdict.outcome import CapabilityAbsent, LearnerFault, NotInLab


class Fixtures:
    """Session-wide fixtures, registered with pytest as a plugin object."""

    def __init__(
        self, submission: Submission, preparation: Preparation, bench: Bench, listen: Listener
    ) -> None:
        self._submission = submission
        self._preparation = preparation
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
    def given(self) -> Mapping[str, bytes]:
        """The files that come with the exercise."""
        return self._preparation.given

    @pytest.fixture(scope="session")
    def files(self) -> Mapping[str, bytes]:
        """Both: what lies in the exercise's folder."""
        return self._preparation.files

    @pytest.fixture(scope="session")
    def stage(self) -> Iterator[Stage]:
        """A shell for the learner's scripts."""
        started = Stage.start(self._bench.engine, self._bench.session.id)
        yield started
        started.close()

    @pytest.fixture(scope="session")
    def run_command(self, answers: Mapping[str, str], stage: Stage) -> RunCommand:
        """What docker makes of the learner's run.sh."""
        return run_commands.read(answers["run.sh"], stage)

    @pytest.fixture(scope="session")
    def compose_file(self, answers: Mapping[str, str], files: Mapping[str, bytes]) -> ComposeFile:
        """The learner's compose.yaml, reviewed."""
        return compose.read(
            answers["compose.yaml"],
            files=files,
            sysctls=self._preparation.sysctls,
        )

    @pytest.fixture(scope="session")
    def service(self, compose_file: ComposeFile) -> Service:
        """What Compose makes of the service called scorer."""
        return compose_file.service()

    @pytest.fixture(scope="session")
    def gpu_host(self, image: Image, start: Start) -> GpuHost:
        """The GPUs of this machine: its own, or simulated ones. Raises CapabilityAbsent where
        there can be neither."""
        facts = self._bench.engine.facts
        if not facts.gpu:
            if facts.rootless:
                raise CapabilityAbsent("gpu", gpu.ROOTLESS)
            return gpu.simulated()
        lister = start(
            image,
            config={"Cmd": list(gpu.LIST_COMMAND), "Entrypoint": []},
            host={"DeviceRequests": [gpu.ALL]},
            ready=False,
        )
        lister.wait_exit(gpu.LIST_SECONDS)
        return gpu.real(lister.logs().stdout)

    @pytest.fixture(scope="session")
    def image(self, request: pytest.FixtureRequest) -> Image:
        """The image built from the given files and the answers, as the compose file says. A compose
        file that can't be read is the fault of checks that need it."""
        building = None
        if "compose.yaml" in self._submission.files:
            with contextlib.suppress(LearnerFault, NotInLab):
                building = request.getfixturevalue("compose_file").building()
        return self._preparation.as_asked(building) if building else self._preparation.image()

    @pytest.fixture(scope="session")
    def canaries(self) -> Canaries:
        """The random values of this grading."""
        return self._preparation.canaries

    @pytest.fixture(scope="session")
    def rebuild(self) -> Rebuild:
        return self._preparation.again

    @pytest.fixture(scope="session")
    def layers(self, image: Image) -> Layers:
        """What each layer of the image holds, above the lab's base."""
        self._listen(Event("phase", "reading the image's layers"))
        needles = {**self._preparation.canaries.needles, **buildtools.MARKS}
        return image_layers.read(self._bench, image, needles)

    @pytest.fixture(scope="session")
    def filesystem(self, layers: Layers) -> Mapping[str, Entry]:
        """What the image's file system holds in the end: path -> entry."""
        return image_layers.filesystem(self._bench, layers)

    @pytest.fixture(scope="session")
    def build_tools(
        self, image: Image, layers: Layers, filesystem: Mapping[str, Entry]
    ) -> tuple[Tool, ...]:
        """Compilers and make in the image's file system."""
        path = image.environment.get("PATH", "")
        return buildtools.find(filesystem, layers.sightings, path)

    @pytest.fixture(scope="session")
    def start(self) -> Start:
        """Start a container and, unless told otherwise, wait until the service answers."""

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
            self._listen(Event("phase", "starting the container"))
            started = container.run(
                self._bench,
                image,
                config=config,
                host=host,
                files=files,
                secrets=secrets,
                beside=beside,
            )
            if ready and not beside:
                started.wait_ready()
            self._listen(Event("phase", "looking at the container"))
            return started

        return start

    @pytest.fixture(scope="session")
    def container(self, image: Image, start: Start) -> Container:
        """The service of the submission, running and answering."""
        return start(image, files=self._preparation.canaries.run_files)
