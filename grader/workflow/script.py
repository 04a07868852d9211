"""Follows a ``run`` script through its commands, as a shell would by their exit codes.

``command`` says what single commands do; nothing is run. GitHub starts ``bash -e {0}`` where no
shell is named, and ``bash --noprofile --norc -eo pipefail {0}`` for ``shell: bash``:
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from grader.verdict.outcome import NotInLab
from grader.workflow import expansion, shell
from grader.workflow.machine import File, Machine
from grader.workflow.syntax import (
    AndOr,
    Case,
    For,
    Function,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Substitution,
    Word,
)
from grader.workflow.word import text_of

MAX_CALLS = 15
TESTS = frozenset({"[", "[[", "((", "test", "grep", "egrep", "jq", "diff", "cmp"})
POSITIONAL = ("@", "*", "#", *"123456789")
ROUNDS = 3
"""How often a loop whose end isn't known is followed."""


@dataclass(frozen=True)
class Outcome:
    """A command's exit code and output. ``is_question`` marks a code that only a run would know:
    0 where nothing depends on it."""

    code: int = 0
    out: File = field(default_factory=File)
    is_question: bool = False


class Leave(Exception):
    """``exit``, ``return``, ``break`` and ``continue``."""

    def __init__(self, kind: str, code: int = 0) -> None:
        super().__init__(kind)
        self.kind = kind
        self.code = code


Perform = Callable[["Script", list[str], File], Outcome]


@dataclass
class Script:
    """The state of one shell."""

    machine: Machine
    variables: dict[str, str]
    perform: Perform
    stops_on_error: bool = True
    pipefail: bool = False
    functions: dict[str, Node] = field(default_factory=dict)
    calls: list[int] = field(default_factory=lambda: [0])
    code: int = 0
    """``$?``"""
    checked: bool = False
    """Whether the command at hand stands where a failure doesn't end the script."""

    def run(self, source: str) -> int:
        """The exit code of a whole script. Raises shell.ShellError or NotInLab."""
        try:
            return self.follow(shell.parse(source), False, File()).code
        except Leave as leave:
            return leave.code

    def follow(self, node: Node, checked: bool, given: File) -> Outcome:
        """Run a part. ``checked`` where a failure doesn't end the script."""
        self.machine.world.work.add()
        match node:
            case Simple():
                found = self._simple(node, checked, given)
            case Pipeline(parts, negated):
                found = self._pipeline(parts, checked or negated, given)
                if negated:
                    found = replace(found, code=int(self.answer(found, parts)))
                    checked = True
            case Group(body, is_subshell, redirects):
                return self._group(body, is_subshell, redirects, checked, given)
            case _:
                return self._compound(node, checked, given)
        self.code = found.code
        if found.code and self.stops_on_error and not checked:
            raise Leave("exit", found.code)
        return found

    def answer(self, found: Outcome, node: object) -> bool:
        """Whether a command succeeded, where that decides what comes next."""
        if not found.is_question:
            return found.code == 0
        return self.machine.world.choose(f"{_source(node)} succeeds")

    def expand(self, words: tuple[Word, ...]) -> list[str]:
        found = expansion.command(words, self.variables, self.substitute)
        self.machine.world.work.weigh(*found)
        return found

    def text(self, word: Word) -> str:
        found = expansion.text(word, self.variables, self.substitute)
        self.machine.world.work.weigh(found)
        return found

    def substitute(self, part: Substitution) -> str:
        inner = self._copy()
        inner.stops_on_error = False
        try:
            found = inner.follow(part.body, True, File())
            self.code, text = found.code, found.out.text
        except Leave as leave:
            self.code, text = leave.code, ""
        return text

    def _copy(self) -> Script:
        return replace(self, variables=dict(self.variables), functions=dict(self.functions))

    def _simple(self, node: Simple, checked: bool, given: File) -> Outcome:
        self.variables["?"] = str(self.code)
        self.code = 0
        assigned = {name: self.text(word) for name, word in node.assignments}
        words = self.expand(node.words)
        for redirect in node.redirects:
            given = self._input(redirect, given)
        before = dict(self.variables)
        self.variables |= assigned
        if not words:
            found = Outcome(self.code)
        elif words[0] in self.functions:
            outer = {name: self.variables.get(name, "") for name in POSITIONAL}
            given_words = dict.fromkeys(POSITIONAL, "") | {"#": str(len(words) - 1)}
            given_words |= {str(i): each for i, each in enumerate(words[1:10], 1)}
            given_words["@"] = given_words["*"] = " ".join(words[1:])
            self.variables |= given_words
            found = self._call(self.functions[words[0]], checked, given)
            self.variables |= outer
        else:
            self.checked = checked
            found = self.perform(self, words, given)
        if words:
            for name in assigned:
                self.variables.pop(name, None)
                self.variables |= {name: before[name]} if name in before else {}
        return self._output(found, node.redirects)

    def _call(self, body: Node, checked: bool, given: File) -> Outcome:
        self.calls[0] += 1
        if self.calls[0] > MAX_CALLS:
            raise NotInLab("A script calls its functions too deeply. Nothing was scored.")
        try:
            return self.follow(body, checked, given)
        except Leave as leave:
            if leave.kind != "return":
                raise
            return Outcome(leave.code)
        finally:
            self.calls[0] -= 1

    def _input(self, redirect: Redirect, given: File) -> File:
        match redirect.operator:
            case "<":
                return self.machine.files.get(_base(self.text(redirect.target)), File())
            case "<<" | "<<-":
                return File(self.text(redirect.target))
            case "<<<":
                return File(self.text(redirect.target) + "\n")
        return given

    def _output(self, found: Outcome, redirects: tuple[Redirect, ...]) -> Outcome:
        for redirect in redirects:
            if redirect.operator in (">", ">>", ">|", "&>", "&>>") and redirect.descriptor != "2":
                name = _base(self.text(redirect.target))
                before = self.machine.files.get(name, File())
                keeps = redirect.operator.endswith(">>") and name != "null"
                text = before.text + found.out.text if keeps else found.out.text
                self.machine.files[name] = File(text[-expansion.MAX_TEXT :], found.out.images)
                found = replace(found, out=File())
        return found

    def _pipeline(self, parts: tuple[Node, ...], checked: bool, given: File) -> Outcome:
        if len(parts) == 1:
            return self.follow(parts[0], checked, given)
        found, worst = Outcome(0, given), 0
        for part in parts:
            inner = self._copy()
            try:
                found = inner.follow(part, checked, found.out)
            except Leave as leave:
                found = Outcome(leave.code)
            worst = found.code or worst
        return replace(found, code=worst) if self.pipefail else found

    def _group(
        self,
        body: Node,
        is_subshell: bool,
        redirects: tuple[Redirect, ...],
        checked: bool,
        given: File,
    ) -> Outcome:
        for redirect in redirects:
            given = self._input(redirect, given)
        if not is_subshell:
            return self._output(self.follow(body, checked, given), redirects)
        try:
            found = self._copy().follow(body, checked, given)
        except Leave as leave:
            found = Outcome(leave.code)
            if leave.code and self.stops_on_error and not checked:
                raise
        self.code = found.code
        return self._output(found, redirects)

    def _compound(self, node: Node, checked: bool, given: File) -> Outcome:
        match node:
            case AndOr(first, rest):
                found, last = self.follow(first, True if rest else checked, given), first
                for index, (operator, each) in enumerate(rest, 1):
                    went = self.answer(found, last) if _is_test(last) else found.code == 0
                    if went == (operator == "&&"):
                        found, last = self.follow(each, checked or index < len(rest), given), each
                    else:
                        found = replace(found, code=0 if went else found.code or 1)
                return found
            case Sequence(items):
                out = ""
                found = Outcome()
                for each, background in items:
                    found = self.follow(each, checked or background, given)
                    out = (out + found.out.text)[-expansion.MAX_TEXT :]
                    if background:
                        found = Outcome()
                return replace(found, out=File(out, found.out.images))
            case If(branches, otherwise):
                for condition, body in branches:
                    if self.answer(self.follow(condition, True, given), condition):
                        return self.follow(body, checked, given)
                return self.follow(otherwise, checked, given) if otherwise else Outcome()
            case Case(subject, arms):
                return self._case(self.text(subject), arms, checked, given)
            case Function(name, body):
                self.functions[name] = body
                return Outcome()
            case For() | Loop():
                return self._loop(node, checked, given)
        return Outcome()

    def _case(
        self,
        value: str,
        arms: tuple[tuple[tuple[Word, ...], Node], ...],
        checked: bool,
        given: File,
    ) -> Outcome:
        for patterns, body in arms:
            for each in patterns:
                glob = expansion.pattern(each, self.variables, self.substitute)
                fits = expansion.fits(value, glob)
                if fits is None:
                    fits = self.machine.world.choose(f"{value} fits {glob}")
                if fits:
                    return self.follow(body, checked, given)
        return Outcome()

    def _loop(self, node: For | Loop, checked: bool, given: File) -> Outcome:
        found, out = Outcome(), ""
        lines = given.text.splitlines()
        values = self.expand(node.words)[:100] if isinstance(node, For) else []
        rounds = len(values) if isinstance(node, For) else max(ROUNDS, min(len(lines), 100))
        for turn in range(rounds):
            self.machine.world.work.add()
            rest = File("".join(f"{line}\n" for line in lines[turn:]), given.images)
            try:
                if isinstance(node, For):
                    self.variables[node.name] = values[turn]
                else:
                    went = self.follow(node.condition, True, rest)
                    if (went.code == 0) == node.until:
                        break
                found = self.follow(node.body, checked, rest if lines else given)
                out = (out + found.out.text)[-expansion.MAX_TEXT :]
                if isinstance(node, Loop) and went.is_question:
                    break
            except Leave as leave:
                if leave.kind == "break":
                    found = Outcome()
                    break
                if leave.kind != "continue":
                    raise
        return replace(found, out=File(out, found.out.images))


def _is_test(node: object) -> bool:
    """Before ``&&`` and ``||`` only tests are open; other commands are taken to work."""
    first = text_of(node.words[0]) if isinstance(node, Simple) and node.words else ""
    return first in TESTS


def _source(node: object) -> str:
    match node:
        case Simple():
            return node.source
        case Sequence(items) if items:
            return _source(items[-1][0])
        case Pipeline(parts, _):
            return " | ".join(map(_source, parts))
        case AndOr(first, _):
            return _source(first)
        case tuple():
            return " | ".join(map(_source, node))
    return "a command"


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
