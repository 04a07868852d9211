"""A journal's sessions: what was saved, how often each was closed, and a seal nobody forges."""

from __future__ import annotations

import hashlib

from grader.judging import journal
from grader.judging.journal import Session


def seal(name: str, *rows: str) -> str:
    return hashlib.sha256("\n".join([name, *rows]).encode()).hexdigest()


def test_session_that_is_closed_once() -> None:
    text = f"a open\na saved one 4.750\na closed 1 {seal('a', 'one 4.750')}\n"
    assert journal.sessions(text) == [Session(("one",), 1, ())]


def test_closing_counts_with_its_own_seal_only() -> None:
    """One that was written by hand, or by another session, or before the last row."""
    rows = "a open\na saved one 4.750\n"
    others, early = seal("b", "one 4.750"), seal("a")
    for forged in ("1 0", f"1 {others}", f"0 {early}"):
        (session,) = journal.sessions(f"{rows}a closed {forged}\n")
        assert session.closings == 0


def test_sessions_are_told_apart() -> None:
    """Each has its own rows, and what came too late for it."""
    text = f"a open\nb open\nb saved two 1.000\na late one\na closed 0 {seal('a')}\n" * 2
    first, second = journal.sessions(text)
    assert first == Session((), 2, ("one", "one"))
    assert second == Session(("two", "two"), 0, ())


def test_journal_that_says_nothing() -> None:
    assert journal.sessions("") == []
    assert journal.sessions("\nword\n") == []
