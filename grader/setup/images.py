"""The lab's base images: there already, from a bundle, from the official image, or a stand-in."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.engine import bases, cliplugins
from grader.engine.bases import DISTROLESS, DISTROLESS_NONROOT, FULL, SLIM
from grader.engine.client import Engine
from grader.engine.client.call import Refused
from grader.exercise import project
from grader.setup import bundle as bundles
from grader.setup.step import SetupError, call, docker, privileged, step
from grader.verdict.outcome import EngineError

SOURCE = project.ROOT / "docker" / "base"
VERSION = "drydock.base.version"
ORIGIN = "drydock.base.origin"
OFFICIAL = "python:3.11-slim"
ROOTFS = "drydock/rootfs:bookworm"
SUITE = "bookworm"
PULL_SECONDS = 12.0
TARGETS = {
    SLIM: "slim",
    FULL: "full",
    DISTROLESS: "distroless",
    DISTROLESS_NONROOT: "distroless-nonroot",
}


def all_tags() -> list[str]:
    """Every image that a grading may need."""
    return [*TARGETS, *_own()]


def _own() -> tuple[str, ...]:
    """The images with programs of ours."""
    return bases.inspector_tag(), bases.stage_tag()


@functools.cache
def version() -> str:
    """Changes with everything in docker/base that goes into the images."""
    digest = hashlib.sha256()
    for path in sorted(SOURCE.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def labels(engine: Engine, tag: str) -> dict[str, str] | None:
    """The labels of a local image, or None when there is none. Raises EngineError."""
    try:
        return dict(engine.image(tag)["Config"].get("Labels") or {})
    except Refused as error:
        if error.status == 404:
            return None
        raise


def missing(engine: Engine) -> list[str]:
    """The base images that are absent or out of date."""
    return [tag for tag in TARGETS if (labels(engine, tag) or {}).get(VERSION) != version()]


def ensure(engine: Engine, bundle: Path | None) -> None:
    """Make sure that all images are there. Raises SetupError."""
    if bundle and (missing(engine) or any(labels(engine, tag) is None for tag in _own())):
        bundles.load(bundle)
    if missing(engine):
        _make()
    if labels(engine, bases.inspector_tag()) is None:
        with step("Building the inspector"):
            _build(
                bases.inspector_tag(),
                project.ROOT / "docker" / "inspector" / "Dockerfile",
                bases.INSPECTOR_SOURCE,
                f"--build-arg=BASE={DISTROLESS}",
            )
    if labels(engine, bases.stage_tag()) is None:
        with step("Building the stage for scripts"):
            _build(
                bases.stage_tag(),
                bases.STAGE_DOCKERFILE,
                bases.STAGE_SOURCE,
                f"--build-arg=BASE={SLIM}",
                f"--build-context=scanner={bases.SCANNER_SOURCE}",
            )
    _name_stand_ins(engine)


def save(path: Path) -> None:
    """Write everything that a machine without a network needs into one file."""
    bundles.save(path, all_tags())


def _make() -> None:
    """Make the base images. The wheelhouse is fetched while Debian's packages are, and BuildKit
    runs the stages that don't need each other at the same time."""
    with (
        tempfile.TemporaryDirectory(prefix="drydock-base-") as folder,
        ThreadPoolExecutor() as beside,
    ):
        context = Path(folder) / "base"
        shutil.copytree(SOURCE, context)
        wheels = beside.submit(_download_wheels, context / "wheels")
        origin = "official" if _pull() else "stand-in"
        rootfs = OFFICIAL
        if origin == "stand-in":
            _bootstrap()
            rootfs = ROOTFS
        with step("Fetching the wheelhouse (checksums are verified)"):
            wheels.result()

        def build(tag: str) -> None:
            _build(
                tag,
                context / "Dockerfile",
                context,
                f"--target={TARGETS[tag]}",
                f"--build-arg=ROOTFS={rootfs}",
                f"--label={VERSION}={version()}",
                f"--label={ORIGIN}={origin}",
            )

        with step("Building the four base images"):
            list(beside.map(build, TARGETS))


def _pull() -> bool:
    """Whether the official image is here or could be had."""
    with contextlib.suppress(SetupError):
        found = docker(
            "image",
            "inspect",
            "-f",
            f'{{{{index .Config.Labels "{ORIGIN}"}}}}',
            OFFICIAL,
            failure="",
        )
        if "stand-in" not in found:
            return True
    try:
        with step(f"Asking Docker Hub for {OFFICIAL}"):
            docker("pull", "-q", OFFICIAL, failure="", deadline=PULL_SECONDS * 20)
    except SetupError:
        sys.stderr.write("  Docker Hub can't be reached; a stand-in is made from Debian.\n")
        return False
    return True


def _bootstrap() -> None:
    """Make the stand-in's root file system with mmdebstrap, installed where it is missing."""
    if shutil.which("mmdebstrap") is None:
        install = privileged(["apt-get", "install", "-y", "-qq", "--no-install-recommends"])
        if install is None or shutil.which("apt-get") is None:
            raise SetupError(
                "Docker Hub can't be reached and mmdebstrap isn't here. Make a bundle on a machine "
                "with internet (./lab bundle lab.tar), then ./lab setup --bundle lab.tar."
            )
        with step("Installing mmdebstrap"):
            call(
                [*install, "mmdebstrap", "debian-archive-keyring"],
                failure="mmdebstrap can't be installed.",
                environment={"DEBIAN_FRONTEND": "noninteractive"},
            )
    packages = ",".join((SOURCE / "rootfs.txt").read_text().split())
    with (
        step(f"Making a root file system from Debian {SUITE}"),
        tempfile.TemporaryDirectory(prefix="drydock-rootfs-") as folder,
    ):
        archive = Path(folder) / "rootfs.tar"
        bootstrap = ["mmdebstrap", "--quiet", "--variant=essential", f"--include={packages}"]
        call(
            [*(privileged(bootstrap) or bootstrap), SUITE, str(archive)],
            failure="Debian's archive can't be reached; try again, or use a bundle.",
        )
        docker("import", archive, ROOTFS, failure="The engine refused the import.")


def _download_wheels(folder: Path) -> None:
    call(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
            "--python-version=3.11",
            "--implementation=cp",
            "-r",
            SOURCE / "wheels.lock",
            "-d",
            folder,
        ],
        failure="The wheels can't be fetched from PyPI; try again, or use a bundle.",
        environment={"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )


def _build(tag: str, dockerfile: Path, context: Path, *options: str) -> None:
    with tempfile.TemporaryDirectory(prefix="drydock-buildx-") as folder:
        call(
            [
                *cliplugins.buildx(),
                "build",
                "--progress=plain",
                "--provenance=false",
                "--network=host",
                f"--tag={tag}",
                f"--file={dockerfile}",
                *options,
                str(context),
            ],
            failure=f"{tag} can't be built.",
            environment=cliplugins.environment(Path(folder)),
        )


def _name_stand_ins(engine: Engine) -> None:
    """Where there is no official image, its name means the stand-in: so that a learner's own
    ``docker build`` works too."""
    for name, tag in bases.BASES.items():
        known = labels(engine, name)
        is_stand_in = (labels(engine, tag) or {}).get(ORIGIN) == "stand-in"
        if is_stand_in and (known is None or known.get(ORIGIN) == "stand-in"):
            if known is not None and known.get(VERSION) == version():
                continue
            try:
                docker("tag", tag, name, failure=f"{name} can't be named.")
            except SetupError as error:
                raise EngineError(str(error)) from error
