"""The shell's own commands, and the small programs that only pass text on."""

from __future__ import annotations

import re

from grader.workflow import expansion, option, shell, unknown
from grader.workflow.machine import File
from grader.workflow.script import Leave, Outcome, Script

PASSING = option.words("gzip gunzip zcat zstd unzstd xz unxz pigz pv buffer tee cat sort uniq")
_UNARY = {"-z": True, "-n": False}
_NUMERIC = {"-eq": "==", "-ne": "!=", "-lt": "<", "-le": "<=", "-gt": ">", "-ge": ">="}


def run(script: Script, words: list[str], given: File) -> Outcome | None:
    """What a builtin does; None for a command that is none."""
    name, *rest = words
    match name:
        case ":" | "true" | "cd" | "pushd" | "popd" | "trap" | "wait" | "umask" | "shopt" | "sleep":
            return Outcome()
        case "false":
            return Outcome(1)
        case "exit" | "return":
            raise Leave(name, _code(rest, script))
        case "break" | "continue":
            raise Leave(name)
        case "echo":
            return Outcome(
                0, File(" ".join(w for w in rest if w not in ("-n", "-e", "-ne")) + "\n")
            )
        case "printf":
            return Outcome(0, File(_printed(rest)))
        case "set":
            return _set(script, rest)
        case "export" | "local" | "declare" | "readonly" | "typeset":
            for word in rest:
                variable, separator, value = word.partition("=")
                if separator:
                    script.variables[variable.rstrip("+")] = value
            return Outcome()
        case "unset":
            for word in rest:
                script.variables.pop(word, None)
            return Outcome()
        case "read":
            return _read(script, rest, given)
        case "[" | "test" | "[[":
            return _test(script, rest[:-1] if name != "test" else rest)
        case "((" if rest:
            return _number(script, rest[0])
        case "eval":
            return script.follow(shell.parse(" ".join(rest)), script.checked, given)
        case "mapfile" | "readarray":
            script.variables[rest[-1] if rest else "MAPFILE"] = given.text
            return Outcome()
        case "tr" if unknown.is_known(given.text) and "[:lower:]" in rest[-1:]:
            return Outcome(0, File(given.text.lower()))
        case "tr":
            return Outcome(0, given)
    return _pass_on(script, name, rest, given) if name in PASSING else None


def _pass_on(script: Script, name: str, rest: list[str], given: File) -> Outcome:
    names = [word.rpartition("/")[2] for word in rest if not word.startswith("-")]
    files = script.machine.files
    if name == "tee":
        for each in names:
            before = files.get(each, File()).text if "-a" in rest else ""
            files[each] = File((before + given.text)[-expansion.MAX_TEXT :], given.images)
    elif names and names[0] in files:
        given = files[names[0]]
        if name not in ("cat", "zcat", "sort", "uniq") and not {"-c", "--stdout"} & set(rest):
            files[re.sub(r"\.(gz|zst|xz)$", "", names[0])] = given
            files.setdefault(f"{names[0]}.gz", given)
    return Outcome(0, given)


def _code(rest: list[str], script: Script) -> int:
    if not rest:
        return int(script.variables.get("?", "0"))
    if re.fullmatch(r"\d{1,3}", rest[0]):
        return int(rest[0]) % 256
    return int(script.machine.world.choose(f"the exit code {rest[0]} isn't 0"))


def _printed(rest: list[str]) -> str:
    form, *values = (rest[2:] if rest[:1] == ["-v"] else rest) or [""]
    form = form.replace("\\n", "\n").replace("%b", "%s").replace("%d", "%s")
    places = form.count("%s")
    if not places:
        return form.replace("%%", "%")
    out = ""
    pieces = form.split("%s")
    for start in range(0, max(len(values), 1), places):
        chosen = [*values[start : start + places], *[""] * places]
        out += "".join(a + b for a, b in zip(pieces, [*chosen[:places], ""], strict=False))
        if len(out) > expansion.MAX_TEXT:
            break
    return out[: expansion.MAX_TEXT]


def _set(script: Script, rest: list[str]) -> Outcome:
    words = list(rest)
    while words:
        word = words.pop(0)
        on = word.startswith("-")
        if word in ("-o", "+o") and words:
            word = {"errexit": "e", "pipefail": "P"}.get(words.pop(0), "")
        elif word[-1:] == "o" and word[:1] in "-+" and words:
            script.pipefail = on if words.pop(0) == "pipefail" else script.pipefail
        if "e" in word and (word[:1] in "-+" or word == "e"):
            script.stops_on_error = on
        if word == "P":
            script.pipefail = on
    return Outcome()


def _read(script: Script, rest: list[str], given: File) -> Outcome:
    names = [word for word in rest if not word.startswith("-")] or ["REPLY"]
    line, _, _ = given.text.partition("\n")
    values = line.split(None, len(names) - 1)
    for index, name in enumerate(names):
        script.variables[name] = values[index] if index < len(values) else ""
    return Outcome(0 if given.text else 1)


def _number(script: Script, source: str) -> Outcome:
    plain = expansion.filled(source, r"\$?\{?([A-Za-z_]\w*)\}?", script.variables, "0")
    found = re.fullmatch(r"\s*(-?\d{1,9})\s*(?:([=!<>]=|[<>])\s*(-?\d{1,9}))?\s*", plain)
    if not found:
        return Outcome(is_question=True)
    went = _compared(int(found[1]), found[2], int(found[3])) if found[2] else int(found[1]) != 0
    return Outcome(int(not went))


def _compared(left: int, operator: str, right: int) -> bool:
    return {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def _test(script: Script, words: list[str]) -> Outcome:
    """``[ ]`` and ``[[ ]]``, from the loosest operator to the tightest."""
    for operator in (("||", "-o"), ("&&", "-a")):
        at = next((i for i, word in enumerate(words) if word in operator and i), 0)
        if at:
            left, right = _test(script, words[:at]), _test(script, words[at + 1 :])
            is_or = operator[0] == "||"
            for each in (left, right):
                if not each.is_question and (each.code == 0) == is_or:
                    return each
            return left if left.is_question else right
    if words[:1] == ["!"]:
        found = _test(script, words[1:])
        return found if found.is_question else Outcome(int(not found.code))
    if words[:1] == ["("] and words[-1:] == [")"]:
        return _test(script, words[1:-1])
    went = _simple_test(words)
    return Outcome(is_question=True) if went is None else Outcome(int(not went))


def _simple_test(words: list[str]) -> bool | None:
    """One comparison; None when only a run would know."""
    match words:
        case []:
            return False
        case [("-z" | "-n") as operator]:
            return operator == "-n"
        case [word]:
            empty = unknown.is_empty(word)
            return None if empty is None else not empty
        case [("-z" | "-n") as operator, word]:
            empty = unknown.is_empty(word)
            return None if empty is None else empty == _UNARY[operator]
        case [left, ("=" | "==" | "!=") as operator, right]:
            same = expansion.fits(left, right) if left != right else True
            return None if same is None else same == (operator != "!=")
        case [left, operator, right] if operator in _NUMERIC:
            if re.fullmatch(r"-?\d{1,9}", left) and re.fullmatch(r"-?\d{1,9}", right):
                return _compared(int(left), _NUMERIC[operator], int(right))
        case [left, "=~", right] if unknown.is_known(left):
            found = re.fullmatch(r"(\^?)([\w/ -]*)(\.\*)?(\$?)", right)
            if found:
                return _found(left, found[2], bool(found[1]), bool(found[4]) and not found[3])
    return None


def _found(text: str, part: str, at_start: bool, at_end: bool) -> bool:
    if at_start and at_end:
        return text == part
    if at_start or at_end:
        return text.startswith(part) if at_start else text.endswith(part)
    return part in text
