"""What the stand-ins on the stage do: one call, one answer.

Words come in with marks for what isn't known (see ``concrete``), and go out with them.
"""

from __future__ import annotations

import re

from grader.stage import Call, Reply
from grader.workflow import archive, engine_command, installing, option, scan, unknown
from grader.workflow.machine import Doing, Machine

_SUDO = option.words("-E -H -n -S -k --preserve-env -i -s")
_REMOTE = re.compile(r"^(docker|oci|docker-daemon|docker-archive|containers-storage):(//)?")
_REGISTRY_TOOLS = frozenset({"skopeo", "crane", "regctl", "oras", "cosign"})
_CLOUDS = frozenset({"aws", "gcloud", "az", "doctl", "helm"})
TESTS = "tests"
"""What the repository's tests call when they are run."""


def answer(machine: Machine, call: Call) -> Reply | None:
    """What a call does; None where only a run on GitHub would know. Raises NotInLab."""
    words = list(call.argv)
    name = words[0]
    machine.world.work.add()
    machine.world.work.weigh(*words, call.given)
    if name == TESTS:
        machine.add("test", frozenset(), "the repository's tests")
        return Reply()
    if name == "sudo":
        return _sudo(words, call)
    machine.world.doings.append(Doing(machine.step, tuple(words)))
    if name in engine_command.ENGINES:
        return engine_command.run(machine, words, call)
    if name in scan.TOOLS:
        return scan.run(machine, words, scan.View(call.read, call.environment))
    if name in _REGISTRY_TOOLS:
        return _registry_tool(machine, words, call)
    if name == "git":
        return _git(machine, words)
    if name == "syft":
        return _bill(machine, words)
    if name == "pytest":
        return Reply(become=("python3", "-m", "pytest", *words[1:]), environment=call.environment)
    if name in _CLOUDS and re.search("login|configure-docker", " ".join(words)):
        machine.logged_in = True
        return Reply(out=unknown.mark(f"output of {' '.join(words)}", unknown.SOME))
    return installing.run(words, call)


def _sudo(words: list[str], call: Call) -> Reply:
    rest = option.read(words[1:], _SUDO, stop=True).positional
    environment = dict(call.environment)
    while rest and re.match(r"[A-Za-z_]\w*=", rest[0]):
        key, _, environment[key] = rest[0].partition("=")
        rest = rest[1:]
    return Reply(become=tuple(rest), environment=environment) if rest else Reply()


def _git(machine: Machine, words: list[str]) -> Reply | None:
    sha, github = str(machine.world.event.github["sha"]), machine.world.event.github
    rest = [word for word in words[1:] if not word.startswith("-")]
    match rest[:1]:
        case ["rev-parse"]:
            if "--abbrev-ref" in words:
                return Reply(out=f"{machine.world.event.branch or 'HEAD'}\n")
            if "--show-toplevel" in words:
                return Reply(out=f"{github['workspace']}\n")
            return Reply(out=f"{sha[:7] if any('--short' in word for word in words) else sha}\n")
        case ["branch"] if "--show-current" in words:
            return Reply(out=f"{machine.world.event.branch}\n")
        case ["describe"]:
            tag = machine.world.event.tag
            return Reply(out=f"{tag}\n") if tag else None
        case ["clone" | "checkout" | "fetch" | "pull" | "config" | "add" | "commit" | "tag"]:
            return Reply()
    return None


def _registry_tool(machine: Machine, words: list[str], call: Call) -> Reply | None:
    """skopeo, crane, regctl: copy images between archives, engines and registries."""
    switches = option.words("--all -a --insecure --preserve-digests --quiet -q -v --yes -y -r")
    plain = option.read(words[1:], switches).positional
    verb, *names = plain or [""]
    if verb == "image" and names:
        verb, *names = names
    if verb in ("login", "auth"):
        machine.log_in(call.given + " ".join(words))
        return Reply()
    if any(word.startswith(("--dest-creds", "--creds", "--authfile")) for word in words):
        machine.logged_in = True
    if verb == "tag" and len(names) == 2:
        base = re.split(r"[@]|:(?!.*/)", names[0])[0]
        return engine_command.copy(machine, names[:1], [f"{base}:{names[1]}"])
    if verb in ("copy", "cp") and len(names) == 2:
        source, target = names
    elif verb == "push" and len(names) == 2:
        source, target = f"docker-archive:{names[0]}", names[1]
    else:
        return None
    kind = source.partition(":")[0] if _REMOTE.match(source) else "docker"
    name, place = _REMOTE.sub("", source), _REMOTE.sub("", target)
    if target.startswith(("docker-daemon:", "docker-archive:", "oci:")):
        return None
    if kind in ("docker-archive", "oci"):
        found = archive.images(call.read(re.sub(r":[^/]*$", "", name)), machine.world.builds)
        image = frozenset(build for _, each in found for build in each)
        return Reply(int(not (image and machine.push(image, place))))
    if kind in ("docker-daemon", "containers-storage") and (local := machine.local(name)):
        return Reply(int(not machine.push(local, place)))
    return engine_command.copy(machine, [name], [place])


def _bill(machine: Machine, words: list[str]) -> Reply:
    """syft writes a bill of materials: an archive of the image, for a scanner's purpose."""
    options = option.read(words[1:], frozenset({"-q", "-v", "--quiet"}))
    targets = [word for word in options.positional if word != "scan"]
    image = machine.find(targets[0].removeprefix("docker:")) if targets else None
    text = archive.text([(targets[0], image)]) if image else "{}\n"
    places = [each.rpartition("=")[2] for each in options.all("-o", "--output") if "=" in each]
    places += options.all("--file")
    return Reply(files=dict.fromkeys(places, text)) if places else Reply(out=text)
