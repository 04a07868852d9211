"""A learner's Dockerfile, parsed with BuildKit's own parser and reviewed before BuildKit sees it.

What could reach out of the hermetic build is refused with a clear message: remote sources of ADD,
frontends and parser directives, ONBUILD, and images that the lab doesn't have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import dockerfile

from grader.engine.bases import BASES
from grader.verdict.outcome import BuildFailed, NotInLab

INSTRUCTIONS = frozenset(
    {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"}
    | {"MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)
_DIRECTIVE = re.compile(r"^#\s*([a-zA-Z]\w*)\s*=\s*(.+?)\s*$")
_OFFICIAL_FRONTEND = re.compile(r"^(docker\.io/)?docker/dockerfile(:[\w.-]+)?$")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]*))?\})")
_PLATFORM = re.compile(r"\$\{?((?:TARGET|BUILD)(?:PLATFORM|OSVERSION|OS|ARCH|VARIANT|STAGE)\w*)")
"""Arguments that BuildKit gives a value of its own, undeclared too (docs: Dockerfile reference,
"Automatic platform ARGs in the global scope")."""
_REMOTE = re.compile(r"^([a-z][a-z0-9+.-]*:)?//|^git@|^github\.com/|\.git(#.*)?$", re.I)


@dataclass(frozen=True)
class Recipe:
    """A reviewed Dockerfile: the text to build and the lab's image for each name it uses."""

    text: str
    images: Mapping[str, str]
    commands: tuple[dockerfile.Command, ...]


def review(
    text: str,
    name: str = "Dockerfile",
    given: Mapping[str, str] = MappingProxyType({}),
) -> Recipe:
    """Parse and review; ``given`` are build arguments, which stand in for the defaults of ARG.

    Raises BuildFailed for what the learner can mend, NotInLab for what the lab lacks.
    """
    text = _without_frontend(text.removeprefix("\ufeff"), name)
    try:
        commands = dockerfile.parse_string(text)
    except dockerfile.GoParseError as error:
        raise BuildFailed(f"{name} can't be parsed: {error}.") from error
    for command in commands:
        if command.cmd.upper() not in INSTRUCTIONS:
            raise BuildFailed(
                f"{name}, line {command.start_line}: {command.cmd!r} is not an instruction."
            )
    if not any(command.cmd.upper() == "FROM" for command in commands):
        raise BuildFailed(f"{name} has no FROM: a build starts from an image.")
    images = {}
    for line, reference in _images(commands, name, given):
        images[reference] = _lab_image(reference, f"{name}, line {line}")
    for command in commands:
        _refuse_reaching_out(command, name)
    return Recipe(text, images, commands)


def _without_frontend(text: str, name: str) -> str:
    """The built-in frontend is the official one, so a line that asks for it is blanked, below the
    directives that stay: BuildKit reads none below a comment. Lines keep their number."""
    lines = text.split("\n")
    escape, at_top = -1, True
    for index, line in enumerate(lines):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            break
        directive = _DIRECTIVE.match(stripped)
        key = directive[1].lower() if directive else ""
        if key == "syntax" and directive and not _OFFICIAL_FRONTEND.match(directive[2]):
            raise NotInLab(
                f"{name}, line {index + 1}: the lab builds with Docker's own frontend and fetches "
                f"no other; remove the line `{stripped[:80]}`. Nothing was scored."
            )
        at_top = at_top and bool(directive)
        if key == "escape" and at_top:
            escape = index
        elif key in ("syntax", "check", "escape"):
            lines[index] = "#"
    if escape > 0:
        lines[0], lines[escape] = lines[escape], "#"
    return "\n".join(lines)


def _images(
    commands: tuple[dockerfile.Command, ...], name: str, given: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """(line, reference) of every image that isn't a stage of the file itself or ``scratch``."""
    arguments: dict[str, str] = {}
    stages: list[str] = []
    for command in commands:
        kind = command.cmd.upper()
        if kind in ("ARG", "FROM"):
            _refuse_platform(command, name, is_global=not stages)
        if kind == "ARG" and not stages:
            for declaration in command.value:
                key, _, value = declaration.partition("=")
                own = _expand(value.strip("\"'"), arguments)
                arguments[key] = given.get(key, own)
        elif kind == "FROM":
            reference = _expand(command.value[0], arguments) if command.value else ""
            if reference.lower() not in (*stages, "scratch"):
                yield command.start_line, reference
            named = len(command.value) == 3 and command.value[1].upper() == "AS"
            stages.append(command.value[2].lower() if named else f"#{len(stages)}")
        else:
            for source in _from_flags(command):
                if "$" in source:
                    raise BuildFailed(
                        f"{name}, line {command.start_line}: BuildKit reads no variable in "
                        f"from={source}; write the stage or image out."
                    )
                if source.lower() not in stages and not source.isdigit():
                    yield command.start_line, source


def _refuse_platform(command: dockerfile.Command, name: str, *, is_global: bool) -> None:
    """What an image's name comes to must be the same here and in BuildKit, which knows more."""
    if command.cmd.upper() == "ARG" and not is_global:
        return
    for word in command.value[:1] if command.cmd.upper() == "FROM" else command.value:
        if found := _PLATFORM.search(word):
            raise NotInLab(
                f"{name}, line {command.start_line}: {found[1]} in the name of an image comes to "
                "something else on each machine, and the lab has images of one; write the name "
                "out. Nothing was scored."
            )


def _from_flags(command: dockerfile.Command) -> Iterator[str]:
    for flag in command.flags:
        key, _, value = flag.removeprefix("--").partition("=")
        if key == "from":
            yield value
        elif key == "mount":
            for option in value.split(","):
                word, _, source = option.partition("=")
                if word.strip().lower() == "from":
                    yield source.strip().strip("\"'")


def _expand(text: str, arguments: Mapping[str, str]) -> str:
    """Substitute ARG values the way FROM does: ``$X``, ``${X}``, ``${X:-word}``, ``${X:+word}``."""

    def value(match: re.Match[str]) -> str:
        known = arguments.get(match[1] or match[2])
        operator, word = match[3], match[4] or ""
        if operator and operator.endswith("-"):
            return known if known or (known is not None and operator == "-") else word
        if operator and operator.endswith("+"):
            return word if known or (known is not None and operator == "+") else ""
        return known or ""

    return _VARIABLE.sub(value, text)


def _lab_image(reference: str, where: str) -> str:
    known = familiar(reference)
    if known in BASES:
        return BASES[known]
    have = ", ".join(sorted(name for name in BASES if not name.startswith("docker.io/")))
    raise NotInLab(
        f"{where}: the lab has no image {reference[:120]!r}; it has {have}. Nothing was scored."
    )


def familiar(reference: str) -> str:
    """The short form of an image's name, as people write it."""
    for prefix in ("docker.io/library/", "docker.io/", "index.docker.io/library/", "library/"):
        if reference.startswith(prefix):
            return reference.removeprefix(prefix)
    return reference


def _refuse_reaching_out(command: dockerfile.Command, name: str) -> None:
    kind, where = command.cmd.upper(), f"{name}, line {command.start_line}"
    if kind == "ONBUILD":
        raise NotInLab(
            f"{where}: the lab builds no ONBUILD triggers; write the step itself. Nothing was "
            "scored."
        )
    if kind == "ADD":
        for source in command.value[:-1]:
            if "$" in source or _REMOTE.search(source):
                raise NotInLab(
                    f"{where}: ADD {source[:80]} may fetch from a network, and grading builds have "
                    "none. COPY a file of the build context instead. Nothing was scored."
                )
