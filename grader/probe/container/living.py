"""A container's life as the engine tells it: signals, health, restarts, its end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from grader.engine.client.call import Refused
from grader.engine.image import NANOSECONDS
from grader.engine.patience import Patience
from grader.engine.watch import moment
from grader.probe.container import receipt as receipts
from grader.probe.container.handle import Handle
from grader.verdict.facts import Exit, HealthProbe
from grader.verdict.text import clean


class Living(Handle):
    """What happens to the container; every wait is woken by events and has a deadline."""

    def signal(self, name: str) -> None:
        """Send a signal to the first process, as ``docker kill -s`` does."""
        self._bench.engine.kill(self.id, name)

    def execute(self, *command: str) -> tuple[int, str]:
        """(exit code, output) of a command in the container, as ``docker exec`` runs it."""
        try:
            code, output = self._bench.engine.execute(self.id, list(command))
        except Refused:
            _ = self._host_pid  # the learner's service may have ended
            raise
        return code, clean(output.decode("utf-8", "replace"))[:2000]

    def left_behind(self, path: str) -> str | None:
        """The text of a file in the container, also after its end; None when there is no such
        file, or a huge one."""
        content = self._bench.engine.get_file(self.id, path)
        return None if content is None else content.decode("utf-8", "replace")

    def stop(self) -> Callable[[], None]:
        """Stop as ``docker stop`` does, with the container's own grace period, beside what
        follows. Calling the result waits until it is done."""
        return self._bench.beside(lambda: self._bench.engine.stop(self.id))

    def wait_exit(self, seconds: float) -> Exit | None:
        """How the container ended, or None when it still runs after ``seconds``."""
        ended = self._bench.watch.wait(lambda: self._bench.watch.of(self.id, "die"), seconds)
        if not ended:
            return None
        end = ended[-1]
        sent = self._bench.watch.of(self.id, "kill")
        since = moment(end) - moment(sent[0]) if sent else None
        return Exit(int(end["Actor"]["Attributes"]["exitCode"]), since)

    def wait_line(self, text: str, seconds: float) -> bool:
        """Whether ``text`` appears in what the container prints, within ``seconds``."""
        stream = self._bench.engine.follow(self.id)
        wanted, found = text.encode(), threading.Event()

        def listen() -> None:
            window = b""
            with contextlib.suppress(Exception):
                for chunk in stream:
                    window += chunk
                    if wanted in window:
                        found.set()
                        self._bench.watch.ring()
                        return
                    window = window[-len(wanted) :]

        threading.Thread(target=listen, daemon=True).start()
        try:
            return bool(self._bench.watch.wait(found.is_set, seconds))
        finally:
            stream.close()

    def wait_restart(self, seconds: float) -> bool:
        """Whether the engine starts the container again; known at once where it doesn't mean to."""
        if self.wait_event("start", min(1.0, seconds), count=2):
            return True
        # Running without an event of its start: on a busy machine a start takes its time.
        state = self._bench.engine.inspect(self.id)["State"]
        if not state["Restarting"] and not state["Running"]:
            return self.wait_event("start", 0.0, count=2)
        return self.wait_event("start", seconds, count=2)

    def wait_settled(self, seconds: float, *, most: int) -> bool:
        """Whether the engine, within ``seconds``, either leaves the container down for good or has
        started it again more than ``most`` times."""
        patience = Patience(seconds)
        ends = 0
        while (left := patience.left()) and self.wait_event("die", left, count=ends + 1):
            ends = len(self._bench.watch.of(self.id, "die"))
            # An engine that means to start it again calls it running all the while.
            state = self.state
            if not state.running or state.restarts > most:
                return True
        return False

    def wait_event(self, action: str, seconds: float, *, count: int = 1) -> bool:
        """Whether an engine event of this container (``start``, ``die`` …) came ``count`` times."""
        watch = self._bench.watch
        return bool(watch.wait(lambda: len(watch.of(self.id, action)) >= count, seconds))

    def wait_health(
        self,
        wanted: str,
        seconds: float,
        *,
        or_else: str = "",
        probes: int = 0,
        receipt: bool = True,
    ) -> float | None:
        """Seconds until the health status became ``wanted`` after this call, or None.

        Given up early when the status becomes ``or_else``, after ``probes`` whole runs of the
        health check that began after this call and didn't bring it, or when the container ends:
        one that has ended keeps its last status and has none. A probe that hangs may take its own
        timeout, which comes on top.
        """
        if wanted == "unhealthy":
            check = self._bench.engine.inspect(self.id)["Config"].get("Healthcheck") or {}
            seconds += (check.get("Timeout") or 0) / NANOSECONDS
        begun = time.monotonic()
        watch = self._bench.watch
        # The end of a run can't be counted: a program that isn't there has none. The next run
        # begins when the one before is over.
        ran = len(watch.of(self.id, "exec_create"))

        def decided() -> bool:
            seen = [event["Action"] for event in watch.of(self.id, "health_status", "die")]
            last = seen[-1].removeprefix("health_status: ") if seen else ""
            enough = probes and len(watch.of(self.id, "exec_create")) > ran + probes
            return last in (wanted, or_else or wanted, "die") or bool(enough)

        watch.wait(decided, seconds)
        state = self.state
        if receipt:
            self.record(receipts.health_status(state.health))
        is_so = state.running and state.health == wanted
        return time.monotonic() - begun if is_so else None

    def wait_probe(self, seconds: float = 5.0) -> None:
        """Return when the next run of the health check begins, the one before being over, or when
        the container has ended."""
        watch = self._bench.watch
        ran = len(watch.of(self.id, "exec_create"))
        watch.wait(
            lambda: len(watch.of(self.id, "exec_create")) > ran or watch.of(self.id, "die"), seconds
        )

    def health_changes(self) -> tuple[str, ...]:
        """What the health status became since the start, in order."""
        seen = self._bench.watch.of(self.id, "health_status")
        return tuple(event["Action"].removeprefix("health_status: ") for event in seen)

    def became_healthy(self) -> float | None:
        """Seconds from the start until the health status first was healthy, by the engine's clock;
        None when it never was."""
        begun = self._bench.watch.of(self.id, "start")
        healthy = self._bench.watch.of(self.id, "health_status: healthy")
        return moment(healthy[0]) - moment(begun[0]) if begun and healthy else None

    def show_health(self) -> tuple[HealthProbe, ...]:
        """The last runs of the health check, left as evidence."""
        log = self.health_log()
        self.record(receipts.health_log(log))
        return log

    def health_log(self) -> tuple[HealthProbe, ...]:
        """The last runs of the health check, the newest last."""
        health = self._bench.engine.inspect(self.id)["State"].get("Health") or {}
        return tuple(
            HealthProbe(entry["ExitCode"], clean(entry["Output"])[-500:])
            for entry in health.get("Log") or ()
        )
