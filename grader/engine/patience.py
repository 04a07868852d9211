"""How long to be patient: seconds that the machine really gave, not seconds that went by.

A right answer needs a certain amount of work, and on a machine with thirty programs for two
processors that takes as many times longer. So a metronome does a little work now and then and
looks at how long it took by the clock on the wall: where 5 ms of work took 50 ms, a second was
worth a tenth. It competes for the processors as a learner's container does; a container's own CPU
limit doesn't hold it back, and a container that is busy itself is one of two for it, however many
processes it has (the kernel shares between control groups).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import lru_cache

from grader.verdict.outcome import MachineTooBusy

ENOUGH_SECONDS = 3.0
"""What any step of a course's service takes, many times over, where nothing else runs: whoever had
so much of the machine, and the seconds that a check gives, has had time enough."""
LONGEST_SECONDS, LONGEST_TIMES = 150.0, 4.0
"""No wait is longer than that, or than as many times what it was to be, whatever the machine
gives."""
ROUNDING = 0.8
"""An idle machine gives a little less than every second: something always runs."""
IDLE = 0.9
"""The share of a machine that has room for everybody."""
FAIR = 0.5
"""A time that was taken while the machine gave less than this share says nothing."""
OVERHEAD_SECONDS = 0.5
"""Of work, which a step takes beside what it waits for."""
AT_WORK = 0.015
"""The part of a processor that a program takes which works and gets little; one that waits takes
less, a server's own ticks included."""
LOOK_SECONDS = 0.25
RECENT_SECONDS = 3.0
BEAT_SECONDS = 0.7
WORK_SECONDS = 0.005
FIRST = -10
"""Of the priorities of setpriority(2): ordinary is 0, lower is sooner."""
_BLOCK = bytes(64 * 1024)


class Metronome:
    """Which share of the machine a program gets that wants to run, now and then.

    Its work lets go of Python's lock, so other threads of the process don't count, and it has the
    priority of a learner's service, whatever this process has.
    """

    def __init__(self) -> None:
        self._beats: deque[tuple[float, float]] = deque(maxlen=2000)
        self._lock = threading.Lock()
        self.beat()
        threading.Thread(target=self._go, name="metronome", daemon=True).start()

    def _go(self) -> None:
        _be_ordinary()
        while True:
            time.sleep(BEAT_SECONDS)
            self.beat()

    def beat(self) -> float:
        """The share just now, measured."""
        wall, work = time.monotonic(), time.thread_time()
        while (worked := time.thread_time() - work) < WORK_SECONDS:
            hashlib.sha256(_BLOCK)
        share = min(1.0, worked / max(worked, time.monotonic() - wall))
        with self._lock:
            self._beats.append((time.monotonic(), share))
        return share

    def given(self, since: float) -> float:
        """Seconds that the machine gave since then (by the monotonic clock). Measures nothing
        itself: it is asked before each request."""
        with self._lock:
            beats = list(self._beats)
        total, until = 0.0, time.monotonic()
        for at, share in reversed(beats):
            begun = max(since, at)
            total += max(0.0, until - begun) * share
            until = min(until, begun)
            if at <= since:
                break
        else:
            total += max(0.0, until - since) * beats[0][1]
        return total

    def share(self, since: float) -> float:
        """The part of the time since then that the machine gave."""
        passed = time.monotonic() - since
        return self.given(since) / passed if passed > 0 else 1.0

    def require_given(self, seconds: float, wanted: float) -> None:
        """Raises MachineTooBusy where the machine gave less of the last ``seconds`` than an answer
        may need that is given ``wanted`` seconds."""
        given = self.given(time.monotonic() - seconds)
        if given < ROUNDING * min(wanted, ENOUGH_SECONDS):
            raise _too_busy(seconds, given)

    def is_later(self, seconds: float, limit: float) -> bool:
        """Whether something took longer than ``limit`` seconds that took ``seconds`` until now.
        Raises MachineTooBusy where what is over may be the machine's doing."""
        share = self.share(time.monotonic() - seconds)
        if seconds > limit and share < IDLE and (seconds - limit) * share < OVERHEAD_SECONDS:
            raise _too_busy(seconds, seconds * share)
        return seconds > limit

    def stretched(self, seconds: float) -> float:
        """So many seconds by the clock on the wall as are worth ``seconds`` just now, for limits
        that somebody else keeps: an engine's timeouts, a request's."""
        now = time.monotonic()
        share = min(self.share(now - LOOK_SECONDS), self.share(now - RECENT_SECONDS))
        return seconds if share > FAIR else min(seconds / share, LONGEST_SECONDS)


@lru_cache(maxsize=1)
def metronome() -> Metronome:
    """The one of this process, which starts with the first that asks for it."""
    return Metronome()


class Patience:
    """One wait: at least ``seconds``, and so long that the machine gave ``enough`` of them.

    ``used`` tells how many seconds of the processors the one had that is waited for.
    """

    def __init__(
        self,
        seconds: float,
        enough: float = ENOUGH_SECONDS,
        used: Callable[[], float] | None = None,
    ) -> None:
        self._metronome = metronome()
        self._seconds = seconds
        self._enough = enough
        self._used = used
        self._begun = time.monotonic()

    def left(self) -> float:
        """Seconds to wait before the next look; 0 when it is over. Raises MachineTooBusy when it
        has been long enough by the clock on the wall and isn't by what the machine gave."""
        passed = time.monotonic() - self._begun
        if passed < self._seconds:
            return self._seconds - passed
        needed = ROUNDING * min(self._seconds, self._enough)
        if needed > 0:
            self._metronome.beat()
        given = self._metronome.given(self._begun) if needed > 0 else 0.0
        if given >= needed and (given > IDLE * passed or not self._is_at_work()):
            return 0.0
        if passed > max(LONGEST_SECONDS, LONGEST_TIMES * self._seconds):
            raise _too_busy(passed, given)
        return max(LOOK_SECONDS, needed - given)

    def _is_at_work(self) -> bool:
        """Whether the one that is waited for still takes what it gets of the processors, and had
        less than ``enough`` seconds of them: other containers' share isn't what a program beside
        them measures."""
        if self._used is None or (before := self._used()) >= self._enough:
            return False
        time.sleep(2 * LOOK_SECONDS)
        return self._used() - before > AT_WORK * 2 * LOOK_SECONDS


def _too_busy(waited: float, given: float) -> MachineTooBusy:
    return MachineTooBusy(f"of {waited:.0f} s it gave {given:.1f} s to a program that wants to run")


def hurry() -> None:
    """Put this process before others where that is allowed, so that what it does at a certain
    moment of an answer's life comes in time. Learners' containers aren't of this process."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, FIRST)


def _be_ordinary() -> None:
    """Of the calling thread: Linux gives each a priority of its own."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 0)
