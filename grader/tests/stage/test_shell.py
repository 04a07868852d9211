"""Scripts on the stage end as they do in the bash of this machine: it is bash that runs them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from grader.engine import client
from grader.engine.session import Session
from grader.stage import Reply, Script, Stage, content

HOME = "/home/runner"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Session(client.connect()) as session:
        started = Stage.start(session.engine, session.id)
        yield started
        started.close()


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
CONSTRUCTS = [
    "true | false | true; echo ${PIPESTATUS[1]} > out",
    "trap 'echo late > out' EXIT; false",
    "trap 'echo $? > out; exit 0' ERR; false",
    "x=; [ -z $x ] && echo yes > out",
    "false & wait $! || echo $? > out",
    "x=a; x+=b; echo $x > out",
    "echo {1..3} {a,b}c > out",
    "a=1; b=0; (( a && b )) || echo no > out",
    "! grep -q x <<< y && echo yes > out",
    "x=(a 'b c'); echo ${#x[@]} ${x[1]} > out",
    "declare -A m; m[k]=v; echo ${m[k]} > out",
    "n=x; x=5; echo ${!n} > out",
    "set -u; echo ${nope:-fine} > out; echo $nope",
    "mapfile -t l <<< $'a\\nb'; echo ${l[1]} > out",
    "[[ refs/tags/v1 =~ ^refs/(heads|tags)/(.+)$ ]]; echo ${BASH_REMATCH[2]} > out",
    "printf -v q %03d 7; echo $q > out",
    "cat > s.sh <<'EOF'\necho written > out\nEOF\nchmod +x s.sh; ./s.sh",
    'python3 -c \'open("out", "w").write("python")\'',
    "awk 'BEGIN { print 2 + 3 }' > out",
    "readonly R=1; R=2; echo on > out",
    "x=$(exit 3) || echo $? > out",
    "{ echo a; exit 4; } | cat > out",
    "shopt -s nullglob; echo *.none x > out",
    'select_one() { local IFS=,; echo "$*"; }; select_one a b > out',
    "timeout 1 tail -f /dev/null || echo $? > out",
    "coproc cat; echo hi >&${COPROC[1]}; read -r l <&${COPROC[0]}; echo $l > out",
]


@pytest.mark.parametrize("pipefail", [False, True], ids=["bash -e", "shell: bash"])
@pytest.mark.parametrize("source", [*SCRIPTS, *CONSTRUCTS])
def test_scripts_end_as_in_bash(
    source: str, pipefail: bool, stage: Stage, tmp_path_factory: pytest.TempPathFactory
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
    expected = out.read_bytes() if out.is_file() else None
    script = Script(source, ("bash", *flags, "{0}"), {"HOME": HOME}, HOME)
    ended = stage.run(script, lambda call: Reply())
    found = content(ended.files.get(f"{HOME}/out"))
    assert (ended.code, found) == (done.returncode, expected)
