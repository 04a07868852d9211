#!/usr/local/bin/python3 -ISs
"""Stands in for a program: tells the stage how it was called and does what it is told.

It is found under every name of tools.txt. What it is told: files to write, output, an exit code,
or a program to become.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs each start 5 ms
    from typing import Any

SOCKET = "/stage/run/socket"
MAX_INPUT = 4 << 20


def main() -> int:
    name = os.path.basename(sys.argv[0])
    words = [name, *sys.argv[1:]]
    told = ask({"argv": words, "cwd": os.getcwd(), "env": dict(os.environ), "in": given(words)})
    for path, content in told.get("files", {}).items():
        write(path, content)
    if told.get("exec"):
        sys.stdout.flush()
        os.chdir(told.get("cwd") or ".")
        try:
            os.execvpe(told["exec"][0], told["exec"], told["env"])
        except OSError as error:
            sys.stderr.write(f"{name}: {told['exec'][0]}: {error.strerror}\n")
            return 127
    for stream, text in ((sys.stdout, told.get("out", "")), (sys.stderr, told.get("err", ""))):
        try:
            stream.buffer.write(text.encode("utf-8", "surrogateescape"))
            stream.flush()
        except OSError:  # nobody reads it
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return int(told.get("code", 0))


def given(words: list[str]) -> str:
    """Standard input, for the calls that read it: a loop's input is not for all that it calls."""
    rest = words[1:]
    name, verb = words[0], " ".join(word for word in rest[:2] if not word.startswith("-"))
    reads = "--password-stdin" in rest or "-" in rest or "/dev/stdin" in rest
    reads |= verb in ("load", "image load") and not {"-i", "--input"} & set(rest)
    reads |= any(word.startswith("-") and word[1:2] != "-" and "i" in word for word in rest) and (
        verb.split(" ")[0] in ("run", "exec")
    )
    reads |= "@-" in " ".join(rest) or (name == "sudo" and "tee" in rest)
    reads |= any(word.startswith(("--secret-stdin", "--with-token")) for word in rest)
    if not reads or name == "sudo":
        return ""
    return sys.stdin.buffer.read(MAX_INPUT).decode("utf-8", "surrogateescape")


def ask(call: dict[str, object]) -> "dict[str, Any]":
    import json
    import socket

    with socket.socket(socket.AF_UNIX) as stage:
        stage.connect(SOCKET)
        stage.sendall(json.dumps(call).encode() + b"\n")
        with stage.makefile("rb") as answers:
            line = answers.readline()
    told: "dict[str, Any]" = json.loads(line) if line else {"code": 1, "err": "the stage is gone\n"}
    return told


def write(path: str, content: str) -> None:
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with open(path, "wb") as file:
        file.write(content.encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    sys.exit(main())
