"""Why an engine isn't graded on, and what to do about it: one sentence each, said by doctor, check
and grade alike, before anything is built.

It knows what an engine says of itself (``/version``, ``/info``) and what a socket's file shows;
it asks an engine nothing.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.engine import location
from grader.engine.location import Location
from grader.verdict.outcome import EngineError

OLDEST = 25
"""The first engine with the start interval of health checks, which checks and exercises use."""
MENDS = "./lab setup installs or starts one where it may; ./lab doctor says what is missing."


class Unfit(EngineError):
    """No engine to grade on. ``found`` and ``advice`` are what doctor shows; ``is_mendable`` says
    whether an engine that ./lab setup installs or starts here would be used then."""

    def __init__(self, found: str, advice: str, *, is_mendable: bool = False) -> None:
        self.found = found
        self.advice = advice.rstrip()
        super().__init__(f"{found} {self.advice} Nothing was scored.")
        self.is_mendable = is_mendable


def by_location(place: Location) -> Unfit | None:
    """What can't be reached, whatever answers there."""
    return Unfit(place.trouble, _otherwise(place)) if place.trouble else None


def by_version(said: Mapping[str, Any], place: Location) -> Unfit | None:
    """What the engine's ``/version`` tells against it."""
    version = str(said.get("Version") or "of an unknown version")
    names = [str(part.get("Name", "")) for part in said.get("Components") or ()]
    if any("Podman" in name for name in names):
        return Unfit(
            f"What answers at {place.url} is Podman {version}, not a Docker Engine, and the lab "
            "judges what Docker does.",
            f"Install Docker Engine {OLDEST} or newer (it too can run without root) and let "
            f"DOCKER_HOST lead to it. {_otherwise(place)}",
        )
    if said.get("Os") == "windows":
        return Unfit(
            f"The Docker Engine at {place.url} runs Windows containers.",
            "Switch it to Linux containers (Docker Desktop: in its menu).",
        )
    number = version.partition(".")[0]
    if number.isdigit() and int(number) < OLDEST:
        return Unfit(
            f"This Docker Engine is {version}; {OLDEST} or newer is needed.",
            "./lab setup says how to get one.",
            is_mendable=not place.is_chosen,
        )
    return None


def by_information(info: Mapping[str, Any]) -> Unfit | None:
    """What ``docker info`` tells against it: without these limits a fork bomb or a leak of a
    learner's is the whole machine's, and a right answer about memory would fail."""
    lacking = [name for name, key in _LIMITS.items() if not info.get(key)]
    if not lacking:
        return None
    return Unfit(
        f"This Docker Engine can't limit {' and '.join(lacking)} of containers "
        f"(cgroup driver {info.get('CgroupDriver') or 'none'}, version "
        f"{info.get('CgroupVersion') or 1}).",
        "A rootless engine needs cgroup version 2 and systemd for that: "
        "https://docs.docker.com/engine/security/rootless/#limiting-resources."
        if is_rootless(info)
        else "Its kernel has to account for them: `docker info` warns of what it lacks.",
    )


_LIMITS = {"memory": "MemoryLimit", "the number of processes": "PidsLimit"}


def is_rootless(info: Mapping[str, Any]) -> bool:
    """Whether the engine runs without root on its machine."""
    return any(str(option) == "name=rootless" for option in info.get("SecurityOptions") or ())


def by_silence(place: Location) -> Unfit:
    """Why nothing answers there."""
    if not place.socket:
        return Unfit(
            f"No Docker Engine answers at {place}, or it wants TLS, which the lab doesn't speak.",
            f"Start it, or open the way to it. {_otherwise(place)}",
        )
    match _connecting(place.socket):
        case errno.EACCES | errno.EPERM:
            return _locked(place)
        case errno.ECONNREFUSED:
            return Unfit(
                f"The socket {place.socket} is there and nobody listens on it: its engine has "
                "ended.",
                f"Start it again (sudo systemctl start docker). {_otherwise(place)}",
                is_mendable=not place.is_chosen,
            )
        case 0:
            return Unfit(
                f"Something listens at {place.socket} and doesn't answer as a Docker Engine does.",
                f"If it is one, start it again. {_otherwise(place)}",
                is_mendable=not place.is_chosen,
            )
    podman = next(location.sockets(location.PODMANS), None)
    if podman and not place.is_chosen:
        return Unfit(
            f"No Docker Engine answers; there is only Podman's socket ({podman}), and the lab "
            "judges what Docker does.",
            MENDS,
            is_mendable=True,
        )
    if place.is_chosen:
        return Unfit(f"No Docker Engine answers at {place}.", f"Start it. {_otherwise(place)}")
    return Unfit("No Docker Engine answers.", MENDS, is_mendable=True)


def _locked(place: Location) -> Unfit:
    """The engine's socket is another user's."""
    found = f"The engine's socket {place.socket} is closed to this user (permission denied)."
    try:
        group = grp.getgrgid(Path(place.socket).stat().st_gid)
        user = pwd.getpwuid(os.getuid()).pw_name
    except (OSError, KeyError):
        return Unfit(found, "Ask the administrator of this machine to let you in.")
    if group.gr_gid == 0:
        return Unfit(
            found, f"It is {group.gr_name}'s alone: ask the administrator of this machine."
        )
    again = f"log out and in again (`newgrp {group.gr_name}` is enough for one terminal)"
    if user in group.gr_mem:
        return Unfit(found, f"You are in the group {group.gr_name} since you logged in: {again}.")
    return Unfit(found, f"Join its group: sudo usermod -aG {group.gr_name} $USER, then {again}.")


def _connecting(path: str) -> int:
    """The errno of a connection to a socket, 0 when somebody takes it."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(location.ANSWER_SECONDS)
        try:
            stream.connect(path)
        except OSError as error:
            return error.errno or errno.EIO
    return 0


def _otherwise(place: Location) -> str:
    """The other way out, where somebody chose this engine."""
    if not place.is_chosen:
        return ""
    if place.origin == "DOCKER_HOST":
        return (
            "Without DOCKER_HOST the lab looks for an engine of this machine; ./lab setup installs "
            "or starts one where it may."
        )
    return "`docker context use NAME` changes to another one."
