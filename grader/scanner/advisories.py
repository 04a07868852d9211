"""The recorded scanner's database of Python packages: which of an image's packages have a known
vulnerability.

Like trivy, it goes by the metadata that an installed package carries. A recording doesn't change,
so a verdict doesn't either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from grader.probe.layers import Entry

SEVERE = frozenset({"HIGH", "CRITICAL"})
_METADATA = re.compile(
    r"^(.*)/([\w.]+)-([\w.!+]+)\.(?:dist-info|egg-info)(?:/METADATA|/PKG-INFO)?$"
)
_CODE = re.compile(r"^(.*)/(\w+)/__init__\.py$")


@dataclass(frozen=True)
class Advisory:
    """One recorded vulnerability; ``fixed`` is the first version without it, empty when there is
    none."""

    id: str
    package: str
    fixed: str
    severity: str
    title: str

    def concerns(self, package: Package) -> bool:
        if package.name != self.package:
            return False
        try:
            return not self.fixed or Version(package.version) < Version(self.fixed)
        except InvalidVersion:
            return False


@dataclass(frozen=True)
class Package:
    """An installed Python package; ``version`` is empty where it carries no metadata."""

    name: str
    version: str
    place: str


def read(recorded: bytes) -> tuple[Advisory, ...]:
    """The database from its JSON."""
    return tuple(Advisory(**row) for row in json.loads(recorded))


def packages(filesystem: Mapping[str, Entry], lowest: int) -> tuple[Package, ...]:
    """The Python packages that lie in a layer from ``lowest`` on."""
    found: dict[tuple[str, str], Package] = {}
    code: dict[tuple[str, str], Package] = {}
    for path, entry in filesystem.items():
        if entry.kind != "file" or entry.layer < lowest:
            continue
        if match := _METADATA.match(path):
            name = _plain(match[2])
            found[match[1], name] = Package(name, match[3], match[1])
        elif (match := _CODE.match(path)) and "/_vendor" not in path:
            code[match[1], _plain(match[2])] = Package(_plain(match[2]), "", match[1])
    return tuple({**code, **found}.values())


def findings(
    installed: Iterable[Package], database: Iterable[Advisory]
) -> list[tuple[Package, Advisory]]:
    """What a scan of these packages reports, the worst first."""
    known = list(database)
    found = [
        (package, advisory)
        for package in installed
        for advisory in known
        if package.version and advisory.concerns(package)
    ]
    return sorted(found, key=lambda pair: (pair[1].severity != "CRITICAL", pair[1].id))


def hidden(installed: Iterable[Package], database: Iterable[Advisory]) -> list[Package]:
    """Packages of the database whose metadata is missing: a scanner can't tell their version."""
    names = {advisory.package for advisory in database}
    folders = ("site-packages", "dist-packages")
    return [
        package
        for package in installed
        if not package.version and package.name in names and package.place.endswith(folders)
    ]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
