"""As many gradings at once as the machine has room for."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from grader.batch import places
from grader.batch.places import Places


class Machine:
    def __init__(self, share: float) -> None:
        self.given = share

    def share(self, since: float) -> float:
        return self.given


def taken(own: Places, monkeypatch: pytest.MonkeyPatch, share: float, wanted: int) -> int:
    """How many of ``wanted`` have a place at once."""
    monkeypatch.setattr(places, "metronome", lambda: Machine(share))
    monkeypatch.setattr(own._free, "wait", _give_up)
    with ExitStack() as held:
        for number in range(wanted):
            try:
                held.enter_context(own.one())
            except TimeoutError:
                return number
        return wanted


def _give_up(seconds: float) -> None:
    raise TimeoutError


def test_crowded_machine_takes_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken(Places(), monkeypatch, 0.1, 3) == 1


def test_machine_with_room_takes_more_than_it_began_with(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Places()
    begun = own._allowed
    assert taken(own, monkeypatch, 0.9, 100) == own.most > begun


def test_number_that_was_asked_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken(Places(3), monkeypatch, 0.01, 9) == 3
