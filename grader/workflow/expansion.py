"""Words of a shell script expanded to text, as far as their values are known."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping

from grader.workflow import growth, unknown
from grader.workflow.syntax import Arithmetic, Substitution, Text, Variable, Word

MAX_TEXT = 20_000

Substitute = Callable[[Substitution], str]


def text(word: Word, variables: Mapping[str, str], substitute: Substitute) -> str:
    """The word as one text, as in an assignment or between double quotes."""
    return growth.joined(_value(part, variables, substitute) for part in word)


def command(
    words: Iterable[Word], variables: Mapping[str, str], substitute: Substitute
) -> list[str]:
    """The fields of all words of a command. Raises NotInLab when they are too long together."""
    found: list[str] = []
    left = growth.MAX_TEXT
    for word in words:
        more = fields(word, variables, substitute, left)
        left -= sum(map(len, more))
        found += more
    return found


def fields(
    word: Word,
    variables: Mapping[str, str],
    substitute: Substitute,
    most: int = growth.MAX_TEXT,
) -> list[str]:
    """The words that a word becomes: unquoted values are split at blanks. Raises NotInLab when
    they have more than ``most`` characters."""
    found: list[str] = []
    open_field: str | None = None
    for part in word:
        value = _value(part, variables, substitute)
        most -= len(value)
        growth.check(most)
        if isinstance(part, Text) or (part.quoted and not _is_list(part)):
            open_field = (open_field or "") + value
            continue
        pieces = value.split()
        if not pieces:
            continue
        if value[:1].isspace() and open_field is not None:
            found.append(open_field)
            open_field = None
        found += [(open_field or "") + pieces[0], *pieces[1:]][:-1]
        open_field = pieces[-1] if len(pieces) > 1 else (open_field or "") + pieces[0]
        if value[-1:].isspace():
            found.append(open_field)
            open_field = None
    return found if open_field is None else [*found, open_field]


def pattern(word: Word, variables: Mapping[str, str], substitute: Substitute) -> str:
    """The word as a glob in which quoted parts stand for themselves."""
    pairs = ((part, _value(part, variables, substitute)) for part in word)
    return growth.joined(
        re.sub(r"([*?\[])", r"[\1]", value) if part.quoted else value for part, value in pairs
    )


def fits(value: str, glob: str) -> bool | None:
    """Whether a value matches a glob; None when that isn't known."""
    if glob == "*":
        return True
    if not (unknown.is_known(value) and unknown.is_known(glob)):
        return None if unknown.is_same(value, glob) is None or "*" in glob else False
    if glob.count("*") > 8 or len(value) > 2000 or len(glob) > 2000:
        return None
    return fnmatch.fnmatchcase(value, glob)


def _is_list(part: object) -> bool:
    return isinstance(part, Variable) and (part.name == "@" or part.operation.startswith("[@]"))


def _value(part: object, variables: Mapping[str, str], substitute: Substitute) -> str:
    match part:
        case Text(value, quoted):
            return value if quoted else re.sub(r"^~(?=/|$)", "/home/runner", value)
        case Substitution():
            return substitute(part).rstrip("\n")
        case Arithmetic(source, _):
            return _arithmetic(source, variables)
        case Variable(name, operation, _):
            return _transformed(name, operation, variables, substitute)
    return ""


def _arithmetic(source: str, variables: Mapping[str, str]) -> str:
    plain = source.strip().removeprefix("$")
    value = variables.get(plain, plain)
    if found := re.fullmatch(r"(\w+)\s*([-+])\s*(\d{1,6})", plain):
        value = variables.get(found[1], found[1])
        if re.fullmatch(r"-?\d{1,9}", value):
            step = int(found[3]) if found[2] == "+" else -int(found[3])
            return str(int(value) + step)
    known = re.fullmatch(r"-?\d{1,9}", value)
    return value if known else unknown.mark(f"$(({source}))", unknown.SOME)


def _transformed(
    name: str, operation: str, variables: Mapping[str, str], substitute: Substitute
) -> str:
    value = variables.get(name, "")
    for index in ("[@]", "[*]"):
        operation = operation.removeprefix(index)
    if operation == "[0]":
        return (value.split() or [""])[0]
    if not operation:
        return value
    if found := re.match(r":?([-=+?])(.*)", operation, re.S):
        if found[0][0] != ":" and operation[0] not in "-=+?":
            return value
        word = filled(found[2].strip("\"'"), r"\$\{?(\w+)\}?", variables)
        is_set = bool(value) if operation.startswith(":") else name in variables
        return (word if is_set else "") if found[1] == "+" else value if is_set else word
    if operation in (",,", ",", "^^", "^"):
        if not unknown.is_known(value):
            return value
        return value.lower() if operation == ",," else value.upper() if operation == "^^" else value
    if unknown.is_known(value):
        changed = _cut(value, operation)
        if changed is not None:
            return changed
    return unknown.mark(f"${{{name}{operation}}} of {value}", unknown.SOME)


def filled(text: str, reference: str, variables: Mapping[str, str], default: str = "") -> str:
    """The text with its variables' values. ``reference`` is a pattern whose group is a name."""
    pieces = re.split(reference, text)
    return growth.joined(
        variables.get(piece, default) if index % 2 else piece for index, piece in enumerate(pieces)
    )


def _cut(value: str, operation: str) -> str | None:
    """Substrings, prefixes, suffixes and plain replacements; None for anything else."""
    if found := re.fullmatch(r":\s*(\d{0,6})(?::(\d{1,6}))?", operation):
        start = int(found[1] or 0)
        return value[start : start + int(found[2])] if found[2] else value[start:]
    if found := re.fullmatch(r"(##?|%%?)([^*?\[$]*)(?:(\*)([^*?\[$]*))?", operation, re.S):
        return _trimmed(value, found[1], found[2], bool(found[3]), found[4] or "")
    if found := re.fullmatch(r"(//?)((?:\\.|[^*?\[$/\\])+)/([^$]*)", operation, re.S):
        old = found[2].replace("\\", "")
        return growth.replaced(value, old, found[3], -1 if found[1] == "//" else 1)
    return None


def _trimmed(value: str, sign: str, before: str, star: bool, after: str) -> str | None:
    before, after = before.strip("\"'"), after.strip("\"'")
    if not star:
        cut = before + after
        return value.removeprefix(cut) if sign[0] == "#" else value.removesuffix(cut)
    if sign[0] == "#" and not before:
        at = value.rfind(after) if sign == "##" else value.find(after)
        return value if at < 0 else value[at + len(after) :]
    if sign[0] == "%" and not after:
        at = value.find(before) if sign == "%%" else value.rfind(before)
        return value if at < 0 else value[:at]
    return None
