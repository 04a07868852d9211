"""A wait ends when the machine has given enough, not when the clock on the wall says so."""

from __future__ import annotations

import hashlib
import os
import threading
import time

import pytest

from grader.engine import patience
from grader.engine.patience import Metronome, Patience
from grader.verdict.outcome import MachineTooBusy


class Steady(Metronome):
    """A machine that gives the same share all the time."""

    def __init__(self, share: float) -> None:
        self.steady = share

    def beat(self) -> float:
        return self.steady

    def given(self, since: float) -> float:
        return (time.monotonic() - since) * self.steady


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Steady:
    steady = Steady(1.0)
    monkeypatch.setattr(patience, "metronome", lambda: steady)
    return steady


def waited(wait: Patience) -> float:
    begun = time.monotonic()
    while left := wait.left():
        time.sleep(min(left, 0.05))
    return time.monotonic() - begun


def test_idle_machine_waits_no_longer(machine: Steady) -> None:
    assert 0.3 <= waited(Patience(0.3)) < 0.5


def test_busy_machine_waits_until_it_gave_enough(machine: Steady) -> None:
    machine.steady = 0.25
    assert waited(Patience(0.3)) >= 0.3 * patience.ROUNDING / 0.25


def test_long_wait_needs_no_more_than_enough(machine: Steady) -> None:
    """Three seconds of the machine's time are as good as fifteen."""
    machine.steady = 0.5
    wait = Patience(1.0, enough=0.2)
    assert waited(wait) < 1.3


def test_who_is_still_at_work_is_waited_for(machine: Steady) -> None:
    """The machine gave enough to a program beside it, and little to this one."""
    machine.steady = 0.8
    begun = time.monotonic()
    assert waited(Patience(0.2, enough=0.4, used=lambda: 0.2 * (time.monotonic() - begun))) >= 2.0


def test_idle_machine_leaves_nobody_waiting(machine: Steady) -> None:
    assert waited(Patience(0.2, used=time.monotonic)) < 0.4


def test_who_rests_or_had_enough_isnt(machine: Steady) -> None:
    machine.steady = 0.8
    begun = time.monotonic()
    assert waited(Patience(0.2, used=lambda: 0.001 * (time.monotonic() - begun))) < 0.9
    assert waited(Patience(0.2, used=lambda: 5.0)) < 0.4


def test_machine_that_gives_nothing_is_no_answers_fault(
    machine: Steady, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.steady = 0.001
    monkeypatch.setattr(patience, "LONGEST_SECONDS", 0.5)
    monkeypatch.setattr(patience, "LONGEST_TIMES", 1.0)
    with pytest.raises(MachineTooBusy, match="too busy to see what your answer does: of 1 s"):
        waited(Patience(0.4))


@pytest.mark.parametrize(
    ("share", "seconds", "later"),
    [(1.0, 2.0, False), (1.0, 3.6, True), (0.1, 2.0, False), (0.1, 60.0, True)],
)
def test_late_is_told_from_slow(share: float, seconds: float, later: bool) -> None:
    assert Steady(share).is_later(seconds, 3.5) is later


def test_a_little_late_on_a_busy_machine_says_nothing() -> None:
    with pytest.raises(MachineTooBusy):
        Steady(0.1).is_later(5.0, 3.5)


def test_metronome_hears_the_burners() -> None:
    """Real work: four threads for each processor leave a program much less."""
    metronome = Metronome()
    metronome.beat()
    quiet = max(metronome.beat() for _ in range(5))
    stop = threading.Event()
    burners = [
        threading.Thread(target=_burn, args=(stop,), daemon=True)
        for _ in range(4 * (os.cpu_count() or 1))
    ]
    for burner in burners:
        burner.start()
    time.sleep(0.2)
    busy = sorted(metronome.beat() for _ in range(9))[4]
    stop.set()
    assert busy < 0.7 * quiet


def _burn(stop: threading.Event) -> None:
    block = bytes(1 << 20)
    while not stop.is_set():
        hashlib.sha256(block)
