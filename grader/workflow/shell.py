"""A parser for the shell of ``run`` steps: what commands a script holds and how they hang together.

Data only: nothing is expanded or run here. Words are read by ``word``.
"""

from __future__ import annotations

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
    Text,
    Word,
)
from grader.workflow.word import NAME, OPERATORS, Reader, ShellError

__all__ = ["ShellError", "parse"]

MAX_DEPTH = 25
_ENDS = frozenset({"then", "do", "done", "fi", "elif", "else", "esac", "}", ")", ";;", ";&", ";;&"})


def parse(text: str, depth: int = 0) -> Sequence:
    """Raises ShellError."""
    if depth > MAX_DEPTH:
        raise ShellError("is nested too deeply")
    parser = _Parser(text.replace("\r\n", "\n"), depth)
    found = parser.sequence()
    if parser.reader.more():
        raise ShellError(f"has a {parser.reader.peek()!r} that nothing before it asks for")
    return found


class _Parser:
    def __init__(self, text: str, depth: int) -> None:
        self.depth = depth
        self.reader = Reader(text, lambda inner: parse(inner, depth + 1))

    def sequence(self) -> Sequence:
        items: list[tuple[Node, bool]] = []
        while True:
            self.reader.blank_lines()
            while self.reader.peek() == ";":
                self.reader.operator()
                self.reader.blank_lines()
            if not self.reader.more() or self.reader.peek() in _ENDS:
                return Sequence(tuple(items))
            node = self.and_or()
            background = self.reader.peek() == "&"
            if background:
                self.reader.operator()
            items.append((node, background))

    def nested(self) -> Sequence:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ShellError("is nested too deeply")
        found = self.sequence()
        self.depth -= 1
        return found

    def and_or(self) -> Node:
        first = self.pipeline()
        rest: list[tuple[str, Node]] = []
        while self.reader.peek() in ("&&", "||"):
            operator = self.reader.operator()
            self.reader.blank_lines()
            rest.append((operator, self.pipeline()))
        return AndOr(first, tuple(rest)) if rest else first

    def pipeline(self) -> Node:
        negated = False
        while self.reader.peek() in ("!", "time"):
            negated ^= self.reader.keyword() == "!"
        parts = [self.command()]
        while self.reader.peek() in ("|", "|&"):
            self.reader.operator()
            self.reader.blank_lines()
            parts.append(self.command())
        return Pipeline(tuple(parts), negated) if negated or len(parts) > 1 else parts[0]

    def command(self) -> Node:
        first = self.reader.peek()
        match first:
            case "if":
                found: Node = self.conditional()
            case "while" | "until":
                self.reader.keyword()
                condition = self.nested()
                found = Loop(condition, self.block("do", "done"), first == "until")
            case "for" | "select":
                found = self.loop()
            case "case":
                found = self.case()
            case "{":
                found = Group(self.block("{", "}"), False, ())
            case "(":
                self.reader.operator()
                found = Group(self.nested(), True, ())
                self.expect(")")
            case "function":
                self.reader.keyword()
                name = self.reader.keyword()
                if self.reader.peek() == "(":
                    self.reader.operator()
                    self.expect(")")
                self.reader.blank_lines()
                return Function(name, self.command())
            case "[[" | "((":
                return self.test(first)
            case _:
                return self.simple()
        redirects = tuple(self.redirects())
        return Group(found, False, redirects) if redirects else found

    def expect(self, wanted: str) -> None:
        self.reader.blank_lines()
        while self.reader.peek() == ";":
            self.reader.operator()
            self.reader.blank_lines()
        if self.reader.peek() != wanted:
            got = self.reader.peek()
            raise ShellError(
                f"lacks {wanted!r}" + (f" before {got[:20]!r}" if got else " at its end")
            )
        if wanted in (")", ";;"):
            self.reader.operator()
        else:
            self.reader.keyword()

    def block(self, start: str, end: str) -> Sequence:
        self.expect(start)
        body = self.nested()
        self.expect(end)
        return body

    def conditional(self) -> If:
        branches: list[tuple[Node, Node]] = []
        otherwise: Node | None = None
        while self.reader.peek() in ("if", "elif"):
            self.reader.keyword()
            condition = self.nested()
            self.expect("then")
            branches.append((condition, self.nested()))
        if self.reader.peek() == "else":
            self.reader.keyword()
            otherwise = self.nested()
        self.expect("fi")
        return If(tuple(branches), otherwise)

    def loop(self) -> Node:
        self.reader.keyword()
        if self.reader.peek() == "((":
            head = self.test("((")
            return Loop(head, self.block("do", "done"), False)
        name = self.reader.keyword()
        words: list[Word] = []
        self.reader.blank_lines()
        if self.reader.peek() == "in":
            self.reader.keyword()
            while self.reader.more() and self.reader.peek() not in (";", "\n", "&"):
                words.append(self.reader.word())
        return For(name, tuple(words), self.block("do", "done"))

    def case(self) -> Case:
        self.reader.keyword()
        subject = self.reader.word()
        self.expect("in")
        arms: list[tuple[tuple[Word, ...], Node]] = []
        while True:
            self.reader.blank_lines()
            if self.reader.peek() in ("esac", ""):
                break
            if self.reader.peek() == "(":
                self.reader.operator()
            patterns = [self.reader.word()]
            while self.reader.peek() == "|":
                self.reader.operator()
                patterns.append(self.reader.word())
            self.expect(")")
            arms.append((tuple(patterns), self.nested()))
            if self.reader.peek() in (";;", ";&", ";;&"):
                self.reader.operator()
        self.expect("esac")
        return Case(subject, tuple(arms))

    def test(self, start: str) -> Simple:
        """``[[ ]]`` and ``(( ))``: a command whose operators are words."""
        begin = self.reader.at
        if start == "((":
            source = self.reader.balanced(2)
            return Simple((), ((Text("((", False),), (Text(source, True),)), (), source)
        words: list[Word] = [(Text(self.reader.keyword(), False),)]
        while words[-1] != (Text("]]", False),):
            self.reader.blank_lines()
            if not self.reader.more():
                raise ShellError("lacks ']]' at its end")
            if self.reader.peek() in OPERATORS:
                words.append((Text(self.reader.operator(), False),))
            else:
                is_pattern = words[-1] == (Text("=~", False),)
                words.append(self.reader.pattern() if is_pattern else self.reader.word())
        return Simple((), tuple(words), (), self.reader.text[begin : self.reader.at].strip())

    def redirects(self) -> list[Redirect]:
        found = []
        while redirect := self.redirect():
            found.append(redirect)
        return found

    def redirect(self) -> Redirect | None:
        taken = self.reader.redirect()
        if not taken:
            return None
        descriptor, operator = taken
        if operator in ("<<", "<<-"):
            return Redirect("0", operator, self.reader.here_document(operator == "<<-"))
        default = "0" if operator.startswith("<") else "&" if operator.startswith("&") else "1"
        return Redirect(descriptor or default, operator, self.reader.word())

    def simple(self) -> Node:
        begin = self.reader.at
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while self.reader.more():
            if redirect := self.redirect():
                redirects.append(redirect)
            elif self.reader.peek() in OPERATORS or self.reader.peek() == "\n":
                break
            elif not words and (assigned := self.reader.assignment()):
                assignments.append(assigned)
            else:
                words.append(self.reader.word())
                if len(words) == 1 and self.reader.peek() == "(" and not assignments:
                    return self.function(words[0])
        if not (assignments or words or redirects):
            raise ShellError(f"has a {self.reader.peek()[:20]!r} where a command should stand")
        source = " ".join(self.reader.text[begin : self.reader.at].split())
        return Simple(tuple(assignments), tuple(words), tuple(redirects), source)

    def function(self, word: Word) -> Function:
        name = word[0].text if len(word) == 1 and isinstance(word[0], Text) else ""
        self.reader.operator()
        self.expect(")")
        if not NAME.fullmatch(name.replace("-", "_").replace(".", "_")):
            raise ShellError("has a '(' that can't be read")
        self.reader.blank_lines()
        return Function(name, self.command())
