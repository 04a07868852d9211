"""YAML 1.2 as Compose and GitHub read it, loaded as plain data: bounded in size, depth and aliases.

Words such as ``no`` and ``on`` stay text and a key may occur once, as in their own parsers;
PyYAML's defaults differ in both.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from grader.verdict.outcome import LearnerFault

MAX_VALUES = 5000
MAX_DEPTH = 40
MAX_CHARACTERS = 64 * 1024
MAX_DIGITS = 100
LONG = 100
"""A text of so many characters counts as one value more."""

Path = tuple[str | int, ...]
"""Where a value stands: the keys and positions that lead to it."""


class _Loader(yaml.SafeLoader):
    """Plain data only, by YAML 1.2's core schema."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key is a list or a mapping", key.start_mark
                )
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} occurs twice (line {line})", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: Any) -> Any:
        """Escapes may name the halves of a character; alone, one can't be written anywhere."""
        text = super().construct_scalar(node)
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            raise yaml.constructor.ConstructorError(
                None, None, "a text holds half a character", node.start_mark
            ) from error

    def construct_yaml_int(self, node: Any) -> int:
        """A leading zero doesn't make a number octal in YAML 1.2."""
        text = str(self.construct_scalar(node))
        base = 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10
        number = int(text, base) if len(text) <= MAX_DIGITS else 1 << 64
        if number.bit_length() > 64:
            raise yaml.constructor.ConstructorError(
                None, None, f"a number is beyond 64 bits: {text[:40]}", node.start_mark
            )
        return number


_CORE = {
    "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    "int": (r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    "float": (r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+0123456789."),
    "null": (r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    "merge": (r"^(?:<<)$", "<"),
}
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
for _name in ("binary", "timestamp", "omap", "pairs", "set"):
    del _Loader.yaml_constructors[f"tag:yaml.org,2002:{_name}"]
_Loader.yaml_implicit_resolvers = {}
for _name, (_pattern, _first) in _CORE.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}",
        re.compile(_pattern),
        [letter if letter != "\0" else "" for letter in _first],
    )


class _Tagged(_Loader):
    """Takes Compose's own tags; what they do to a value is Compose's to say."""


def _untagged(loader: _Tagged, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


COMPOSE_TAGS = ("!reset", "!override")
for _tag in COMPOSE_TAGS:
    _Tagged.add_constructor(_tag, _untagged)


def load(text: str, name: str, *, of_compose: bool = False) -> dict[str, Any]:
    """The file as a mapping of plain values; ``of_compose`` takes Compose's tags.

    Raises LearnerFault when it isn't one, or when it is larger than any real one (``name`` is the
    file's name in messages)."""
    if len(text) > MAX_CHARACTERS:
        raise LearnerFault(f"{name} is larger than {MAX_CHARACTERS // 1024} KiB; no real one is.")
    try:
        _bound(text, name)
        documents = list(yaml.load_all(text, Loader=_Tagged if of_compose else _Loader))
    except yaml.YAMLError as error:
        raise LearnerFault(f"{name} isn't valid YAML: {_reason(error)}.") from error
    except (ValueError, TypeError, LookupError) as error:
        raise LearnerFault(
            f"{name} has a value that isn't of the type it is tagged with."
        ) from error
    except RecursionError as error:
        raise LearnerFault(f"{name} is nested too deeply to be a real one.") from error
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise LearnerFault(f"{name} should hold one mapping; it holds something else.")
    return documents[0]


def _bound(text: str, name: str) -> None:
    """Count what the aliases would expand to before anything is expanded."""
    for node in yaml.compose_all(text, Loader=_Loader):
        sizes: dict[int, int] = {}
        if node is not None and _size(node, sizes, 0) > MAX_VALUES:
            raise LearnerFault(
                f"{name} expands to more than {MAX_VALUES} values through its aliases or its "
                "size; no real one does."
            )


def _size(node: yaml.Node, sizes: dict[int, int], depth: int) -> int:
    """How many values a node stands for, each alias counted every time it is used; a long text
    counts as several."""
    if depth > MAX_DEPTH:
        raise RecursionError
    if id(node) in sizes:
        return sizes[id(node)]
    size = 1
    if isinstance(node, yaml.ScalarNode):
        size += len(node.value) // LONG
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_size(child, sizes, depth + 1) for child in node.value)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            size += _size(key, sizes, depth + 1) + _size(value, sizes, depth + 1)
    sizes[id(node)] = min(size, 10 * MAX_VALUES)
    return sizes[id(node)]


def lines(text: str) -> dict[Path, tuple[int, int]]:
    """The first and last line of every value of a file that ``load`` accepted, counted from 1."""
    found: dict[Path, tuple[int, int]] = {}

    def walk(node: yaml.Node, path: Path) -> None:
        last = node.end_mark.line + (1 if node.end_mark.column else 0)
        found[path] = (node.start_mark.line + 1, max(last, node.start_mark.line + 1))
        if isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                walk(child, (*path, index))
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                walk(value, (*path, str(key.value)))

    for root in yaml.compose_all(text, Loader=_Loader):
        if root is not None:
            walk(root, ())
    return found


def _reason(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError):
        return " ".join(str(error).split())[:200]
    problem = error.problem or error.context or "it can't be read"
    if error.problem_mark is None or "(line" in problem:
        return problem
    return f"{problem} (line {error.problem_mark.line + 1})"
