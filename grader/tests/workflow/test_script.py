"""A failing command ends a script, or doesn't, exactly as in a real shell.

What the interpreter says is compared with what bash itself does for the same script.
"""

from __future__ import annotations

import subprocess

import pytest

from grader.workflow import scenario, shell
from grader.workflow.command import perform
from grader.workflow.machine import Failing, Machine, Work, World
from grader.workflow.model import Job, Step
from grader.workflow.script import Script
from grader.workflow.word import ShellError


def machine() -> Machine:
    step = Step("a", 1, "", "", "", "", "", None, False, {}, {}, "", (1, 1))
    job = Job("a", (), None, (step,), {}, {}, None, None, False, (), (), 1)
    world = World(Failing(), lambda question: True, scenario.PUSH, Work())
    return Machine(world, job, step, checked_out=True)


def followed(source: str, *, pipefail: bool) -> tuple[int, str]:
    """(exit code, the last line of the file called out)."""
    script = Script(machine(), {}, perform, pipefail=pipefail)
    code = script.run(source)
    lines = script.machine.files["out"].text.splitlines() if "out" in script.machine.files else []
    return code, (lines or [""])[-1]


SCRIPTS = [
    "false; echo on > out",
    "false || true; echo on > out",
    "false && echo no; echo on > out",
    "true && false; echo on > out",
    "if false; then echo no > out; else echo yes > out; fi",
    "! true; echo on > out",
    "if ! false; then echo yes > out; fi",
    "false | cat; echo on > out",
    "cat <<< x | false; echo on > out",
    "set +e; false; echo $? > out",
    "set +e\nfalse\ncode=$?\nset -e\n[ $code -eq 0 ] || echo bad > out",
    "set -o pipefail; false | cat; echo on > out",
    "(exit 3); echo on > out",
    "(exit 3) || echo $? > out",
    "x=$(false); echo on > out",
    "export x=$(false); echo on > out",
    "echo $(false) > out",
    "f() { false; echo in > out; }; f; echo on > out",
    "f() { false; echo in > out; }; f || echo no > out",
    "f() { return 4; }; f || echo $? > out",
    "for i in 1 2 3; do echo $i > out; [ $i = 2 ] && break; done",
    "for i in a b; do false && break; done; echo on > out",
    "while read -r a b; do echo \"$b-$a\" > out; done <<< 'one two'",
    "printf '%s\\n' x y | while read -r a; do echo $a > out; done",
    "case main in rel*|ma*) echo yes > out;; *) echo no > out;; esac",
    "case v1 in ma*) echo no > out;; *) echo other > out;; esac",
    "[[ main == ma* && 1 -lt 2 ]] && echo yes > out",
    "[[ abc =~ ^ab ]] && echo yes > out",
    "[ -z '' -a a = a ] && echo yes > out",
    "[ a = b -o 2 -ge 2 ] && echo yes > out",
    "test a != a || echo no > out",
    "n=2; (( n > 1 )) && echo yes > out",
    "n=2; n=$((n + 1)); echo $n > out",
    "v=refs/tags/v1.2.0; echo ${v#refs/tags/} ${v##*/} ${v%/*} ${v:5:4} ${v//\\//-} > out",
    "v=Main; echo ${v,,} ${v^^} ${v:-no} ${w:-yes} ${w-yes} ${v:+set} > out",
    "a='x y'; for i in $a; do echo $i > out; done",
    'a=\'x y\'; for i in "$a"; do echo "$i" > out; done',
    "cat <<EOF > out\nhello ${x:-you}\nEOF",
    "cat <<'EOF' > out\nhello ${x}\nEOF\necho on > out",
    "bash -c 'false; echo in > out'",
    "bash -ec 'false; echo in > out'",
    "sh -c 'exit 7' || echo $? > out",
    "{ false; echo in; } > out || true",
    "cat <<EOF > out\na",
    "for i in 1 2; do false || continue; echo no > out; done; echo on > out",
    "f() { echo $1-$# > out; }; f a b",
    "echo a \\\n  b > out # c",
    "true & wait; echo on > out",
    "exit 5; echo no > out",
    "eval 'false || echo yes > out'",
    "until true; do echo no > out; done; echo on > out",
    "printf '%s-%s\\n' a b > out",
    "if true; then\n  false\n  echo no > out\nfi\necho on > out",
    "echo 'a b' | xargs -n 1 echo > out",
]


@pytest.mark.parametrize("pipefail", [False, True], ids=["bash -e", "shell: bash"])
@pytest.mark.parametrize("source", SCRIPTS)
def test_scripts_end_as_in_bash(
    source: str, pipefail: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """GitHub's two ways to start bash, with a script that may stop anywhere."""
    folder = tmp_path_factory.mktemp("typed")
    flags = ["--noprofile", "--norc", "-eo", "pipefail"] if pipefail else ["-e"]
    file = folder / "script"
    file.write_text(source)
    done = subprocess.run(
        ["bash", *flags, file], cwd=folder, capture_output=True, timeout=30, check=False
    )
    out = folder / "out"
    lines = out.read_text().splitlines() if out.is_file() else []
    assert followed(source, pipefail=pipefail) == (done.returncode, (lines or [""])[-1])


@pytest.mark.parametrize("source", ["'(('", "printf", "printf -v", "printf -v x", "''", "xargs"])
def test_half_a_command_is_followed(source: str) -> None:
    """A slip of the keyboard mustn't end the grader; what the shell would say isn't judged."""
    assert followed(f"{source} || true; echo on > out", pipefail=False) == (0, "on")


UNREADABLE = [
    "echo 'a",
    'echo "a',
    "if true; then echo a",
    "x=$(echo a",
    "a)",
    "&& b",
]


@pytest.mark.parametrize("source", UNREADABLE)
def test_what_bash_cannot_parse_is_refused(source: str) -> None:
    """bash ends with a syntax error for each."""
    assert subprocess.run(["bash", "-n", "-c", source], capture_output=True, check=False).returncode
    with pytest.raises(ShellError):
        shell.parse(source)


def test_nesting_is_bounded() -> None:
    """A script of ten thousand parentheses is refused by a sentence, not by Python's stack."""
    for source in ("(" * 10_000, "$(" * 500 + "true" + ")" * 500, "if true; then " * 500):
        with pytest.raises(ShellError):
            shell.parse(source)


def test_an_escape_makes_no_private_character() -> None:
    """Such characters mark what isn't known; an answer must not forge them."""
    assert followed("echo $'\\ue000simage 1\\ue001\\ud800' > out", pipefail=False) == (
        0,
        "\ufffdsimage 1\ufffd\ufffd",
    )
