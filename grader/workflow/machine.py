"""What a run changes: the images on a job's runner, the files, the registry, and the effects.

An image is the set of builds that it holds: one, or one for each platform. It keeps its identity
through tags, archives and registries; building again makes another.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.stage import Node
from grader.verdict.outcome import NotInLab
from grader.workflow import image_name, unknown
from grader.workflow.model import Job, Step
from grader.workflow.trigger import Event

CANDIDATE = re.compile("candidate|staging|unverified")
_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|host\.docker\.internal|\[::1\])[:/]")
_WORLD = ("registry", "artifacts", "builds", "doings", "effects", "notes", "lost", "unfamiliar")
_OWN = ("images", "separate_builder", "aliased", "logged_in", "may_push", "tools", "unknown")
MAX_WORK = 10_000
MAX_NAME = 500


@dataclass(frozen=True)
class Failing:
    """What goes wrong in a scenario. ``finding`` is the severity of what a scan finds."""

    finding: str = ""
    tests: bool = False
    builds: bool = False

    def __str__(self) -> str:
        found = f"the scan finds something {self.finding}" if self.finding else "all is well"
        return "the tests fail" if self.tests else "the build fails" if self.builds else found


@dataclass(frozen=True)
class Build:
    """One run of a builder. ``step`` says where."""

    number: int
    step: Step

    @property
    def mark(self) -> str:
        """Its id or digest, which only a run on GitHub would know."""
        return unknown.mark(f"image {self.number}", unknown.SOME)


Image = frozenset[Build]


@dataclass(frozen=True)
class Effect:
    """``kind`` is build, scan, test, push or candidate; ``name`` what it was called there."""

    kind: str
    image: Image
    name: str
    step: Step


@dataclass(frozen=True)
class Doing:
    """A program that a step started: its words, with marks for what isn't known."""

    step: Step
    words: tuple[str, ...]


@dataclass
class Work:
    """How much has been followed, so that nothing can take long: commands and what holds them,
    rounds of loops, names of images, and texts by their length."""

    done: int = 0

    def weigh(self, *texts: str) -> None:
        """Count what is too long to be one command."""
        self.add(sum(map(len, texts)) // 1000)

    def add(self, amount: int = 1) -> None:
        self.done += amount
        if self.done > MAX_WORK:
            raise NotInLab("This workflow does more than the lab can follow. Nothing was scored.")


@dataclass
class World:
    """What all jobs of one run share."""

    failing: Failing
    choose: Callable[[str], bool]
    event: Event
    work: Work
    repository: Mapping[str, str]
    """What the commit holds, by paths from the repository's root."""
    regardless: bool = False
    """Whether all steps run, whatever their conditions say."""
    registry: dict[str, Image] = field(default_factory=dict)
    artifacts: dict[str, dict[str, Node]] = field(default_factory=dict)
    """By name: files by their paths within the artifact."""
    builds: list[Build] = field(default_factory=list)
    doings: list[Doing] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    notes: list[tuple[Step, str]] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    """Names of images that were built and aren't here, with the reason."""
    unfamiliar: set[str] = field(default_factory=set)
    """Actions whose effects the lab doesn't know."""


@dataclass
class Machine:
    """The runner of one job."""

    world: World
    job: Job
    step: Step
    images: dict[str, Image] = field(default_factory=dict)
    files: dict[str, Node] = field(default_factory=dict)
    """All files of the runner that a script may see or change, by absolute path."""
    tools: frozenset[str] = frozenset()
    """Programs that were installed on it."""
    separate_builder: bool = False
    """Whether builds leave their images in a builder of their own (buildx's docker-container)."""
    aliased: bool = False
    """Whether ``docker build`` means ``docker buildx build``."""
    logged_in: bool = False
    may_push: bool = True
    unknown: tuple[str, ...] = ()
    """What the script at hand has called and only a run on GitHub would know the end of."""

    def note(self, text: str) -> None:
        """Something a reader of the trace should know about this step."""
        if (self.step, text) not in self.world.notes:
            self.world.notes.append((self.step, text))

    def save(self) -> dict[str, Any]:
        """All that a script may change, for ``restore``."""
        world = {key: copy.copy(getattr(self.world, key)) for key in _WORLD}
        return {"world": world, **{key: copy.copy(getattr(self, key)) for key in _OWN}}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go back to what was saved."""
        for key in _WORLD:
            setattr(self.world, key, copy.copy(saved["world"][key]))
        for key in _OWN:
            setattr(self, key, copy.copy(saved[key]))

    def add(self, kind: str, image: Image, name: str) -> None:
        self.world.work.add()
        self.world.effects.append(Effect(kind, image, unknown.shown(name)[:MAX_NAME], self.step))

    def log_in(self, password: str = "") -> None:
        """Log in to a registry; a secret of one's own may do what the job's token may not."""
        self.logged_in = True
        own = [name for name in unknown.names(password) if name.startswith("secrets.")]
        self.may_push |= any(not name.endswith(".GITHUB_TOKEN") for name in own)

    def build(self, tags: Iterable[str], *, present: bool) -> Build | None:
        """Run a builder; None when it fails. ``present``: the Dockerfile is there."""
        if not present:
            self.note("builds nothing: no earlier step of this job checks the repository out")
            return None
        if self.world.failing.builds:
            return None
        made = Build(len(self.world.builds) + 1, self.step)
        self.world.builds.append(made)
        self.add("build", frozenset({made}), " ".join(tags))
        return made

    def keep(self, image: Image, tags: Iterable[str]) -> None:
        """Put an image under its names on this runner."""
        for each in image:
            self.images[each.mark] = image
        for tag in tags:
            self.world.work.add()
            self.images[image_name.normal(tag)] = image

    def lose(self, tags: Iterable[str], reason: str) -> None:
        for tag in tags:
            self.world.work.add()
            self.world.lost[image_name.normal(tag)] = reason

    def local(self, name: str) -> Image | None:
        """The image of that name on this runner."""
        return image_name.find(self.images, name)

    def remote(self, name: str) -> Image | None:
        """The image of that name in a registry."""
        return image_name.find(self.world.registry, name)

    def find(self, name: str) -> Image | None:
        return self.local(name) or self.remote(name)

    def missing(self, name: str) -> str:
        """Why an image that was built in this run isn't here; empty for a foreign one."""
        reason = image_name.find_text(self.world.lost, name)
        shown = unknown.shown(name)
        return f"there is no image {shown} here: {reason}" if reason else ""

    def push(self, image: Image, name: str) -> bool:
        """Send an image to a registry; False when that is refused."""
        shown = unknown.shown(name)
        if self.is_local(name):
            self.world.work.add()
            self.world.registry[image_name.normal(name)] = image
            return True
        if not self.logged_in:
            self.note(f"can't push {shown}: no earlier step of this job logs in to a registry")
            return False
        if not self.may_push and image_name.normal(name).startswith("ghcr.io/"):
            self.note(f"can't push {shown}: the job's token has no packages: write")
            return False
        self.world.registry[image_name.normal(name)] = image
        for each in image:
            self.world.registry[each.mark] = image
        is_candidate = CANDIDATE.search(name.casefold()) or name.endswith("@digest")
        self.add("candidate" if is_candidate else "push", image, name)
        return True

    def is_local(self, name: str) -> bool:
        """Whether the registry lives and ends with the job."""
        host = name.partition("/")[0].partition(":")[0]
        return bool(_LOCAL.match(name)) or ("/" in name and host in self.job.services)
