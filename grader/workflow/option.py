"""Options and positional words of a command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    given: tuple[tuple[str, str], ...]
    positional: list[str]
    """For a command that runs another one: everything from the first word that is no option."""

    def all(self, *names: str) -> list[str]:
        return [value for name, value in self.given if name in names]

    def get(self, *names: str) -> str:
        """The last value given, else nothing."""
        return (self.all(*names) or [""])[-1]

    def has(self, *names: str) -> bool:
        """Whether a switch is on."""
        return self.get(*names).lower() not in ("", "false", "0")


def words(text: str) -> frozenset[str]:
    """A set of words, as one writes them down."""
    return frozenset(text.split())


def read(line: list[str], switches: frozenset[str], *, stop: bool = False) -> Options:
    """``switches`` take no value; every other option does. With ``stop``, the first word that is
    no option ends them."""
    given: list[tuple[str, str]] = []
    positional: list[str] = []
    rest = list(line)
    while rest:
        word = rest.pop(0)
        if word == "--":
            positional += rest
            break
        if not word.startswith("-") or word == "-":
            positional.append(word)
            if stop:
                positional += rest
                break
        elif word.startswith("--"):
            name, separator, value = word.partition("=")
            if not separator and name not in switches:
                value = rest.pop(0) if rest else ""
            given.append((name, value or ("true" if name in switches else "")))
        else:
            _short(word, rest, switches, given)
    return Options(tuple(given), positional)


def _short(
    word: str, rest: list[str], switches: frozenset[str], given: list[tuple[str, str]]
) -> None:
    """``-it``, ``-t name``, ``-tname``, ``-t=name``."""
    for index, letter in enumerate(word[1:], 1):
        if word in switches:
            given.append((word, "true"))
            return
        name = f"-{letter}"
        if name not in switches:
            value = word[index + 1 :].removeprefix("=")
            given.append((name, value or (rest.pop(0) if rest else "")))
            return
        given.append((name, "true"))
