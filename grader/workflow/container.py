"""``docker run``: a scanner in a container, the run's own image, or something else.

A program in an image that the run has built really runs, in a folder with what the image holds and
what is mounted: tests are tests, whatever they are called.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from grader.stage import Call, Reply
from grader.workflow import option, scan
from grader.workflow.machine import Machine
from grader.workflow.option import Options

RUN_SWITCHES = option.words(
    "--rm -d --detach -i --interactive -t --tty --init --privileged --read-only -P --publish-all "
    "-q --quiet --no-healthcheck --oom-kill-disable --sig-proxy --disable-content-trust"
)
IMAGE_FOLDER = "/app"
HELD = ("app.py", "model.json")
"""What the given Dockerfile copies into its image."""
_ENTER = (
    "find /app -mindepth 1 ! -name app.py ! -name model.json -delete; "
    'while [ "$1" != -- ]; do ln -sfn "$1" "$2"; shift 2; done; shift; cd "$1"; shift; exec "$@"'
)


def run(machine: Machine, words: list[str], call: Call) -> Reply | None:
    """``docker run`` with the words behind it."""
    options = option.read(words, RUN_SWITCHES, stop=True)
    if not options.positional:
        return Reply(125, err="docker: requires at least 1 argument\n")
    name, *command = options.positional
    image = machine.find(name)
    if image is None and (why := machine.missing(name)):
        machine.note(why)
        return Reply(125, err=f"{why}\n")
    entry = options.get("--entrypoint")
    inner = [*([entry] if entry else []), *command]
    if image is None:
        return _foreign(machine, name, inner, options, call)
    if not inner or options.has("-d", "--detach"):
        return None
    return _inside(machine, inner, options, call)


def enter(machine: Machine, words: list[str], call: Call) -> Reply | None:
    """``docker exec``: in a container of the run's own image, as nothing else is kept running."""
    options = option.read(words, RUN_SWITCHES, stop=True)
    command = options.positional[1:]
    return _inside(machine, command, options, call) if command else None


def _foreign(
    machine: Machine, name: str, inner: list[str], options: Options, call: Call
) -> Reply | None:
    """An image from elsewhere: followed where it is a scanner's."""
    tool = re.split(r"[:@]", name.rpartition("/")[2])[0]
    tool = "snyk" if "snyk" in name else tool
    words = inner if inner and posixpath.basename(inner[0]) in scan.TOOLS else [tool, *inner]
    words[0] = posixpath.basename(words[0])
    if words[0] not in scan.TOOLS:
        return None
    mounts = _mounts(options)
    view = scan.View(
        _through(call.read, mounts),
        {**call.environment, **_variables(options, call)},
        any("docker.sock" in source for source, _ in mounts),
    )
    return scan.run(machine, [_placed(word, mounts) for word in words], view)


def _through(
    read: Callable[[str], bytes | None], mounts: list[tuple[str, str]]
) -> Callable[[str], bytes | None]:
    return lambda path: read(_placed(path, mounts))


def _inside(machine: Machine, command: list[str], options: Options, call: Call) -> Reply:
    """Run a command in the run's own image."""
    mounts = _mounts(options)
    links: list[str] = []
    for source, target in mounts:
        if target.startswith(f"{IMAGE_FOLDER}/"):
            links += [posixpath.join(call.folder, source), target]
    elsewhere = [(s, t) for s, t in mounts if not t.startswith(f"{IMAGE_FOLDER}/")]
    folder = _placed(options.get("-w", "--workdir") or IMAGE_FOLDER, elsewhere)
    placed = [_placed(word, elsewhere) for word in command]
    return Reply(
        files={f"{IMAGE_FOLDER}/{name}": machine.world.repository[name] for name in HELD},
        become=("sh", "-c", _ENTER, "sh", *links, "--", folder, *placed),
        environment={**call.environment, **_variables(options, call)},
    )


def _mounts(options: Options) -> list[tuple[str, str]]:
    """(source, target) of each mount."""
    found = []
    for each in options.all("-v", "--volume"):
        source, _, rest = each.partition(":")
        found.append((source, rest.partition(":")[0].rstrip("/")))
    for each in options.all("--mount"):
        fields = dict(part.partition("=")[::2] for part in each.split(","))
        source = fields.get("source") or fields.get("src") or ""
        target = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
        found.append((source, target.rstrip("/")))
    return [(source, target) for source, target in found if source.startswith(("/", ".", "~"))]


def _placed(word: str, mounts: list[tuple[str, str]]) -> str:
    """A word in which mounted paths are those of the runner."""
    for source, target in mounts:
        if target and target != "/":
            word = re.sub(rf"(?<![\w/.-]){re.escape(target)}(?=/|$)", lambda _: source, word)  # noqa: B023
    return word


def _variables(options: Options, call: Call) -> dict[str, str]:
    found = {}
    for each in options.all("-e", "--env"):
        name, sign, value = each.partition("=")
        found[name] = value if sign else call.environment.get(name, "")
    return found
