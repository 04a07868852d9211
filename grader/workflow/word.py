"""The words of a shell script: quotes, expansions, here-documents, operators."""

from __future__ import annotations

import re
from collections.abc import Callable

from grader.workflow.syntax import (
    Arithmetic,
    Part,
    Sequence,
    Simple,
    Substitution,
    Text,
    Variable,
    Word,
)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r";;&|;;|;&|&&|\|\||\|&|&>>|&>|<<<|<<-|<<|<&|<>|>>|>&|>\||[;&|<>()]")
_OPERATORS = ";;& ;; ;& && || |& &>> &> <<< <<- << <& <> >> >& >| ; & | < > ( )"
OPERATORS = frozenset(_OPERATORS.split())
_REDIRECT = re.compile(r"(\d*)(&>>|&>|<<<|<<-|<<|<&|<>|>>|>&|>\||[<>])(?!\()")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|([0-9@*#?$!-]))")
_BLANK = re.compile(r"(?:[ \t]|\\\n)+")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]\n]*\])?\+?=")
_FOREIGN = re.compile("[\ud800-\udfff\ue000-\uf8ff]")
"""Halves of characters and private ones, which only an escape can make."""
_PLAIN = re.compile(r"[^\s;&|<>()'\"\\$`]+")


class ShellError(Exception):
    """A script that a shell would refuse, or that can't be followed: what it lacks or has."""


class Reader:
    """A place in a script. ``parse`` reads what stands within ``$( )``."""

    def __init__(self, text: str, parse: Callable[[str], Sequence]) -> None:
        self.text = text
        self.at = 0
        self._parse = parse
        self._here_end = 0
        """Where the here-documents announced on this line end; 0 without any."""

    def blanks(self) -> None:
        if found := _BLANK.match(self.text, self.at):
            self.at = found.end()
        if self.text.startswith("#", self.at) and (
            self.at == 0 or self.text[self.at - 1] in " \t\n;|&("
        ):
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end

    def blank_lines(self) -> None:
        self.blanks()
        while self.text.startswith("\n", self.at):
            self.at += 1
            self._read_here()
            self.blanks()

    def more(self) -> bool:
        self.blanks()
        return self.at < len(self.text)

    def peek(self) -> str:
        """The operator, line end or plain word that comes next, without taking it."""
        self.blanks()
        if self.text.startswith("\n", self.at):
            return "\n"
        if self.text.startswith("((", self.at):
            return "((" if "))" in self.text[self.at :] else "("
        if self.text.startswith(("<(", ">("), self.at):
            return ""
        if found := _OPERATOR.match(self.text, self.at):
            return found[0]
        found = _PLAIN.match(self.text, self.at)
        if not found:
            return self.text[self.at : self.at + 1] and "'"
        after = self.text[found.end() : found.end() + 1]
        return found[0] if not after or after not in "'\"\\$`" else "'"

    def operator(self) -> str:
        self.blanks()
        found = _OPERATOR.match(self.text, self.at)
        if not found:
            raise ShellError(f"can't be read at {self.text[self.at : self.at + 20]!r}")
        self.at = found.end()
        return found[0]

    def keyword(self) -> str:
        self.blanks()
        found = _PLAIN.match(self.text, self.at)
        if not found:
            raise ShellError(f"can't be read at {self.text[self.at : self.at + 20]!r}")
        self.at = found.end()
        return found[0]

    def redirect(self) -> tuple[str, str] | None:
        """Take a redirect's descriptor and operator, if one comes next."""
        self.blanks()
        found = _REDIRECT.match(self.text, self.at)
        if not found:
            return None
        self.at = found.end()
        return found[1], found[2]

    def assignment(self) -> tuple[str, Word] | None:
        self.blanks()
        found = _ASSIGNMENT.match(self.text, self.at)
        if not found:
            return None
        self.at = found.end()
        if self.text.startswith("(", self.at):
            inner = self.balanced(1)
            simple = self._parse(f": {' '.join(inner.split())}").items[0][0]
            words = simple.words[1:] if isinstance(simple, Simple) else ()
            joined: list[Part] = []
            for word in words:
                joined += [*word, Text(" ", False)]
            return found[1], tuple(joined[:-1])
        return found[1], self.word(empty=True)

    def word(self, *, empty: bool = False) -> Word:
        """One word. Raises ShellError where none stands, unless it may be ``empty``."""
        if not empty:
            self.blanks()
        parts: list[Part] = []
        begin = self.at
        while self.at < len(self.text):
            character = self.text[self.at]
            if found := _PLAIN.match(self.text, self.at):
                parts.append(Text(found[0], False))
                self.at = found.end()
            elif character in "'\"\\$`":
                parts += self._special(quoted=False)
            elif self.text.startswith(("<(", ">("), self.at) and self.at == begin:
                self.at += 1
                source = self.balanced(1)
                parts.append(Substitution(self._parse(source), source, True))
            elif character == "(" and parts and self.text[self.at - 1] in "?*+@!":
                parts.append(Text(f"({self.balanced(1)})", False))
            else:
                break
        if self.at == begin and not empty:
            raise ShellError(f"can't be read at {self.text[self.at : self.at + 20]!r}")
        return tuple(parts)

    def pattern(self) -> Word:
        """The regular expression after ``=~``, up to the next blank."""
        self.blanks()
        found = re.compile(r"(?:[^\s\\]|\\.)+").match(self.text, self.at)
        if not found:
            raise ShellError("lacks a pattern after '=~'")
        self.at = found.end()
        return (Text(found[0], True),)

    def _special(self, *, quoted: bool) -> list[Part]:
        """A quote, escape or expansion."""
        character = self.text[self.at]
        if character == "'" and not quoted:
            return [Text(self._until("'"), True)]
        if character == '"' and not quoted:
            self.at += 1
            return self._double()
        if character == "\\":
            self.at += 2
            following = self.text[self.at - 1 : self.at]
            if following == "\n":
                return []
            return [
                Text(following if not quoted or following in '"$`\\' else f"\\{following}", True)
            ]
        if character == "`":
            source = self._until("`").replace("\\`", "`")
            return [Substitution(self._parse(source), source, quoted)]
        return [self._dollar(quoted)]

    def _dollar(self, quoted: bool) -> Part:
        rest = self.text[self.at : self.at + 3]
        if rest.startswith("$(("):
            self.at += 1
            return Arithmetic(self.balanced(2), quoted)
        if rest.startswith("$("):
            self.at += 1
            source = self.balanced(1)
            return Substitution(self._parse(source), source, quoted)
        if rest.startswith("${"):
            return self._braces(quoted)
        if rest.startswith("$'") and not quoted:
            self.at += 1
            text = self._until("'").encode().decode("unicode_escape", "replace")
            return Text(_FOREIGN.sub("\ufffd", text), True)
        if found := _VARIABLE.match(self.text, self.at):
            self.at = found.end()
            return Variable(found[1] or found[2], "", quoted)
        self.at += 1
        return Text("$", quoted)

    def _braces(self, quoted: bool) -> Variable:
        end, depth = self.at + 2, 1
        while end < len(self.text) and depth:
            depth += {"{": 1, "}": -1}.get(self.text[end], 0)
            end += 1
        if depth:
            raise ShellError("has a '${' that is never closed")
        inner = self.text[self.at + 2 : end - 1]
        self.at = end
        found = re.compile(r"([#!]?)([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?])(.*)", re.S).fullmatch(inner)
        if not found:
            raise ShellError(f"has an expansion ${{{inner[:20]}}} that can't be read")
        return Variable(found[2], found[1] + found[3], quoted)

    def _double(self) -> list[Part]:
        parts: list[Part] = [Text("", True)]
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] in "\\$`":
                parts += self._special(quoted=True)
            else:
                found = re.compile(r'[^"\\$`]+').match(self.text, self.at)
                parts.append(Text(found[0] if found else "", True))
                self.at = found.end() if found else self.at + 1
        if self.at >= len(self.text):
            raise ShellError("has a double quote that is never closed")
        self.at += 1
        return parts

    def _until(self, quote: str) -> str:
        end = self.at + 1
        while end < len(self.text) and self.text[end] != quote:
            end += 2 if quote == "`" and self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise ShellError(f"has a {quote} that is never closed")
        found = self.text[self.at + 1 : end]
        self.at = end + 1
        return found

    def balanced(self, count: int) -> str:
        """What stands within ``count`` parentheses, from the first one on."""
        self.blanks()
        begin, depth, end = self.at, 0, self.at
        while end < len(self.text):
            character = self.text[end]
            if character == "\\":
                end += 1
            elif character in "'\"" and not (character == "'" and count == 2):
                quote = self.text.find(character, end + 1)
                while quote > 0 and character == '"' and self.text[quote - 1] == "\\":
                    quote = self.text.find(character, quote + 1)
                end = quote if quote > 0 else len(self.text)
            elif character in "()":
                depth += 1 if character == "(" else -1
                if not depth:
                    self.at = end + 1
                    return self.text[begin + count : end + 1 - count]
            end += 1
        raise ShellError("has a '(' that is never closed")

    def here_document(self, strip: bool) -> Word:
        """The text from the next line on; reading goes on behind it when the line ends."""
        self.blanks()
        raw = self.word()
        delimiter = "".join(part.text for part in raw if isinstance(part, Text))
        quoted = any(isinstance(part, Text) and part.quoted for part in raw)
        start = self.text.find("\n", self.at)
        begin = self._here_end or (start + 1 if start >= 0 else len(self.text))
        lines: list[str] = []
        at = begin
        while at < len(self.text):
            end = self.text.find("\n", at)
            end = len(self.text) if end < 0 else end
            line = self.text[at:end]
            at = end + 1
            if (line.lstrip("\t") if strip else line) == delimiter:
                break
            lines.append(line)
        self._here_end = at
        body = "".join(f"{line}\n" for line in lines)
        if quoted:
            return (Text(body, True),)
        inner = Reader(body.replace('"', '\\"') + '"', self._parse)
        return tuple(inner._double())

    def _read_here(self) -> None:
        """A line has ended: the here-documents that it announced are behind us."""
        if self._here_end:
            self.at = min(self._here_end, len(self.text))
            self._here_end = 0


def text_of(word: Word) -> str | None:
    """The word where it holds nothing to expand, else None."""
    if all(isinstance(part, Text) for part in word):
        return "".join(part.text for part in word if isinstance(part, Text))
    return None
