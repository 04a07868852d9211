"""Debian's package sources on this machine, and the one that Debian 12 needs in addition.

Debian 12's own engine is 20.10 without buildx. The next release has a good one: its archive is
added, pinned so that nothing else comes from there. Where the archive lies (mirror, keyring) is
taken from the machine's own configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SUITE = "trixie"
PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "docker-compose", "containerd")
SOURCES_FOLDER = Path("/etc/apt")
ADDED_SOURCE = Path("/etc/apt/sources.list.d/drydock-engine.sources")
ADDED_PIN = Path("/etc/apt/preferences.d/drydock-engine")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Source:
    """One package archive: where it lies, its suites, the keyring that signs it (or empty)."""

    uri: str
    suites: tuple[str, ...]
    keyring: str


def sources(folder: Path = SOURCES_FOLDER) -> list[Source]:
    """The archives that apt is configured with, from both of its file formats."""
    found: list[Source] = []
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]:
        if path.is_file():
            found += [
                source for line in path.read_text().splitlines() if (source := _one_line(line))
            ]
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        for stanza in path.read_text().split("\n\n"):
            found += _stanza(stanza)
    return found


def main_archive(codename: str, folder: Path = SOURCES_FOLDER) -> Source | None:
    """The archive that holds the release itself, or None."""
    return next((source for source in sources(folder) if codename in source.suites), None)


def added_source(archive: Source) -> str:
    """The additional source, in apt's deb822 format."""
    keyring = archive.keyring or KEYRING
    return (
        "# Made by ./lab setup: only Docker's packages come from here (see drydock-engine pin).\n"
        f"Types: deb\nURIs: {archive.uri}\nSuites: {SUITE}\nComponents: main\n"
        f"Signed-By: {keyring}\n"
    )


def added_pin() -> str:
    """The pin that lets only the engine's packages in."""
    return (
        f"Package: *\nPin: release n={SUITE}\nPin-Priority: -1\n\n"
        f"Package: {' '.join(PACKAGES)}\nPin: release n={SUITE}\nPin-Priority: 990\n"
    )


def _one_line(line: str) -> Source | None:
    words = line.partition("#")[0].split()
    if not words or words[0] != "deb":
        return None
    keyring = ""
    if words[1].startswith("["):
        end = next(index for index, word in enumerate(words) if word.endswith("]"))
        options = " ".join(words[1 : end + 1]).strip("[]").split()
        keyring = next(
            (o.removeprefix("signed-by=") for o in options if o.startswith("signed-by=")), ""
        )
        words = [words[0], *words[end + 1 :]]
    return Source(words[1], (words[2],), keyring) if len(words) > 2 else None


def _stanza(stanza: str) -> list[Source]:
    fields: dict[str, str] = {}
    for line in stanza.splitlines():
        if not line.startswith(("#", " ")):
            key, _, value = line.partition(":")
            fields[key.strip().lower()] = value.strip()
    if "deb" not in fields.get("types", "").split() or fields.get("enabled") == "no":
        return []
    suites = tuple(fields.get("suites", "").split())
    signed = fields.get("signed-by", "")
    return [Source(uri, suites, signed) for uri in fields.get("uris", "").split()]
