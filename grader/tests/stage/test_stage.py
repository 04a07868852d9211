"""The stage: calls of stand-ins reach the grader, and a hostile script ends in its limits."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from grader.engine import client
from grader.engine.session import Session
from grader.stage import Call, Ended, Reply, Script, Stage, content, file
from grader.stage import client as stage_client

HOME = "/home/runner"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Session(client.connect()) as session:
        started = Stage.start(session.engine, session.id)
        yield started
        started.close()


def play(stage: Stage, text: str, *replies: Reply, **more: object) -> tuple[Ended, list[Call]]:
    """Run a script; the last reply is given again and again."""
    calls: list[Call] = []

    def answer(call: Call) -> Reply:
        calls.append(call)
        return ([*replies, Reply()])[min(len(calls) - 1, len(replies))]

    script = Script(text, ("bash", "-e", "{0}"), {"HOME": HOME}, HOME, **more)  # type: ignore[arg-type]
    return stage.run(script, answer), calls


def test_a_call_is_told_with_its_words_folder_environment_and_input(stage: Stage) -> None:
    text = "mkdir -p d && cd d && echo secret | A=b docker login -u 'x y' --password-stdin"
    _, calls = play(stage, text)
    assert (calls[0].argv, calls[0].folder) == (
        ("docker", "login", "-u", "x y", "--password-stdin"),
        f"{HOME}/d",
    )
    assert (calls[0].environment["A"], calls[0].given) == ("b", "secret\n")


def test_a_stand_in_does_what_it_is_told(stage: Stage) -> None:
    reply = Reply(3, "out\n", "err\n", {"f": "text"})
    ended, _ = play(stage, "x=$(docker a) || echo $x $?; cat f", reply)
    assert ended.printed == "err\nout 3\ntext"


def test_a_loop_keeps_its_input(stage: Stage) -> None:
    """docker push reads nothing, so a stand-in doesn't either."""
    _, calls = play(stage, "while read -r tag; do docker push $tag; done <<< $'a\\nb'")
    assert [call.argv[2] for call in calls] == ["a", "b"]


def test_a_stand_in_becomes_another_program(stage: Stage) -> None:
    ended, _ = play(stage, "sudo x", Reply(become=("sh", "-c", "echo $A"), environment={"A": "1"}))
    assert ended.printed == "1\n"


def test_installed_programs_are_there_from_then_on(stage: Stage) -> None:
    text = "command -v trivy || pip install trivy; trivy image x; pytest --version"
    ended, calls = play(stage, text, Reply(install=("trivy", "pytest")))
    assert [call.argv[0] for call in calls] == ["pip", "trivy", "pytest"]
    assert ended.tools == {"trivy", "pytest"}
    again, _ = play(stage, "command -v trivy", tools=frozenset({"trivy"}))
    assert again.code == 0
    assert play(stage, "trivy image x")[0].code == 127


def test_files_are_those_that_are_asked_for(stage: Stage) -> None:
    """Nothing of another script is left."""
    play(stage, "echo a > a; mkdir d; ln -s a l; echo t > /tmp/t")
    ended, _ = play(stage, "ls; cat given", files={f"{HOME}/given": file(b"b\n")})
    assert ended.printed == "given\nb\n"
    assert content(ended.files[f"{HOME}/given"]) == b"b\n"


def test_a_call_may_read_the_scripts_files(stage: Stage) -> None:
    read: list[bytes | None] = []

    def answer(call: Call) -> Reply:
        read.extend(call.read(name) for name in ("a", "none", "/etc"))
        return Reply()

    text = "echo b > a; docker load -i a"
    stage.run(Script(text, ("bash", "{0}"), {}, HOME), answer)
    assert read == [b"b\n", None, None]


def test_the_trace_names_lines_and_is_not_printed(stage: Stage) -> None:
    ended, _ = play(stage, "true\n[ a = b ] || echo hi")
    assert ended.printed == "hi\n"
    assert ended.trace.splitlines() == ["+1+true", "+2+'[' a = b ']'", "+2+echo hi"]


HOSTILE = {
    "a fork bomb": (":(){ :|:& };:; /usr/bin/sleep 60", None),
    "an endless loop": ("/usr/bin/sleep 60", "takes longer than"),
    "endless commands": ("while :; do : $RANDOM$RANDOM; done", None),
    "a gigabyte of output": ("head -c 1000000000 /dev/zero", "prints more than"),
    "a full disk": ("for i in $(seq 99); do head -c 9000000 /dev/zero > $i || :; done", "leaves"),
    "many files": ("for i in $(seq 4000); do : > f$i; done", "leaves more than 3000 files"),
    "much memory": ("x=$(head -c 900000000 /dev/zero | tr '\\0' a); echo ${#x}", None),
    "the end of process 1": ("kill -9 1; kill -STOP 1; kill -9 -1", ""),
    "our streams": ('echo \'{"end": true, "code": 0}\' > /proc/1/fd/1; cat /proc/1/environ', ""),
    "the socket": ("rm -f /stage/run/socket; docker a", ""),
    "junk in the socket": (
        "python3 -c 'import socket\nfor i in range(200):\n s = socket.socket(1)\n"
        ' s.connect("/stage/run/socket")\n s.sendall(b"{" * 9000)\'',
        "",
    ),
    "daemons": ("nohup setsid /usr/bin/sleep 1000 > /dev/null 2>&1 & sleep 1", ""),
    "links and pipes": ("ln -s /etc/shadow l; mkfifo p; mkdir d; chmod 000 d", ""),
    "programs of its own": (
        "rm -rf /stage/bin /stage/added/*; cp /bin/false /stage/added/docker",
        "",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("text", "trouble"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_script_ends_in_its_limits(
    text: str, trouble: str | None, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next one finds the stage as the first one did."""
    monkeypatch.setattr(stage_client, "SECONDS", 6.0)
    began = time.monotonic()
    ended, _ = play(stage, text)
    assert time.monotonic() - began < 20
    assert trouble is None or (trouble in ended.trouble if trouble else not ended.trouble)
    monkeypatch.undo()
    after, calls = play(stage, "set -- /proc/[0-9]*; echo $#; ls -A; ls /tmp; docker push x")
    assert after.printed == "2\n", "process 1 and the script's shell, and no file"
    assert (after.code, len(calls)) == (0, 1)


def test_nothing_leads_out(stage: Stage) -> None:
    """No network but its own loopback, no capability, and a root that can't be written."""
    ended, _ = play(
        stage,
        "cat /proc/net/dev | grep -c :; grep CapEff /proc/self/status; id -u; touch /x /etc/x || :",
    )
    lines = ended.printed.splitlines()
    assert (lines[0], lines[1].split()[1].strip("0"), lines[2]) == ("1", "", "1000")
    assert all("Read-only file system" in line for line in lines[3:])
    assert len(lines) == 5
