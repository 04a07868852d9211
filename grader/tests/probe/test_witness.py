"""How processes end, by the kernel's word: what the OOM killer ended, and what only looks so."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from grader.engine import image as images
from grader.engine.bases import SLIM
from grader.engine.client import connect
from grader.engine.sandbox import LIMITS, MIB
from grader.engine.session import Session
from grader.probe import container
from grader.probe.bench import Bench
from grader.verdict.facts import Ending
from grader.verdict.outcome import GraderError

LIMIT = {"Memory": 48 * MIB, "MemorySwap": 48 * MIB}
END_SECONDS = 20.0

WAIT = """\
import os, resource, signal, threading, time
signal.signal(signal.SIGTERM, lambda *_: begin())

def hog():
    block = bytearray(200 << 20)
    for offset in range(0, len(block), 4096):
        block[offset] = 1

def child_is_killed():
    if os.fork() == 0:
        hog()
    os.wait()
"""
READY = """
print("ready", flush=True)
while True:
    time.sleep(60)
"""
KINDS = {
    "leak": "begin = hog",
    "leak_in_a_thread": "begin = threading.Thread(target=hog).start",
    "exit_137": "begin = lambda: os._exit(137)",
    "clean_end": "begin = lambda: os._exit(0)",
    "new_child_is_killed": """
def begin():
    child_is_killed()
    os._exit(137)
""",
    "memory_error": """
resource.setrlimit(resource.RLIMIT_AS, (150 << 20, 150 << 20))
def begin():
    try:
        hog()
    except MemoryError:
        os._exit(137)
""",
    "cpu_time_is_over": """
def begin():
    child_is_killed()
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
    while True:
        pass
""",
}
"""A program that does its worst at SIGTERM."""
TRUE = {"leak", "leak_in_a_thread"}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Session(connect()) as session:
        opened = Bench(session.engine, session, LIMITS, lambda evidence: None)
        yield opened
        opened.close()


def play(bench: Bench, kind: str, **host: object) -> tuple[int, tuple[Ending, ...]]:
    """(exit code by the engine, endings by the kernel) of a container that does ``kind``."""
    program = WAIT + KINDS[kind] + READY
    started = container.run(
        bench,
        images.inspect(bench.engine, SLIM),
        config={"Cmd": ["python", "-c", program]},
        host={**LIMIT, **host},
        beside=True,
    )
    try:
        assert started.wait_line("ready", END_SECONDS)
        endings = started.watch_ends()
        started.signal("SIGTERM")
        end = started.wait_exit(END_SECONDS)
        assert end is not None, kind
        return end.code, endings()
    finally:
        started.remove()


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_the_oom_killer_ended_is_called_so(bench: Bench, kind: str) -> None:
    """Cheats have exit code 137, or a child that is killed, or both."""
    code, endings = play(bench, kind)
    assert endings[0].pid == 1
    assert [ending.is_oom for ending in endings] == [kind in TRUE], (code, endings)


def test_below_an_init_the_service_is_what_was_killed(bench: Bench) -> None:
    """docker-init passes on the 137 of its child, which is there before the leak."""
    code, endings = play(bench, "leak", Init=True)
    assert code == 137
    assert [ending.is_oom for ending in endings] == [False, True]
    assert (endings[0].signal, endings[0].code) == (0, 137)


def test_signals_pass_and_the_end_is_told_as_it_is(bench: Bench) -> None:
    """Who is watched notices nothing: handlers run, and the exit code is its own."""
    code, endings = play(bench, "clean_end")
    assert (code, endings[0].signal, endings[0].code) == (0, 0, 0)


def test_a_counter_of_ones_own_is_not_believed(bench: Bench) -> None:
    """With a file system over the control groups a container could write any number there."""
    write = "os.makedirs('/sys/fs/cgroup/memory'); "
    for name in ("memory.events", "memory/memory.oom_control"):
        write += f"open('/sys/fs/cgroup/{name}', 'w').write('oom_kill 5\\n'); "
    started = container.run(
        bench,
        images.inspect(bench.engine, SLIM),
        config={"Cmd": ["python", "-c", f"import os, time; {write}{READY}"], "User": "0"},
        host={**LIMIT, "Tmpfs": {"/sys/fs/cgroup": ""}},
        beside=True,
    )
    assert started.wait_line("ready", END_SECONDS)
    with pytest.raises(GraderError, match="mounted over"):
        started.watch_ends()
    started.remove()


@pytest.mark.slow
def test_no_leak_is_missed_beside_others(bench: Bench) -> None:
    """An engine loses its own mark now and then, most of all with control groups of version 2."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: play(bench, "leak"), range(24)))
    assert [endings[0].is_oom for _, endings in found] == [True] * 24
