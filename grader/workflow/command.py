"""What the commands of a ``run`` step do, one by one."""

from __future__ import annotations

import re

from grader.verdict.outcome import NotInLab
from grader.workflow import builtin, engine_command, growth, option, scanner, unknown
from grader.workflow.machine import File, Machine
from grader.workflow.script import MAX_CALLS, Outcome, Script

_WRAPPERS = {
    "sudo": option.words("-E -H -n --preserve-env -i"),
    "timeout": option.words("--preserve-status --foreground -v"),
    "env": option.words("-i"),
    "nice": frozenset(),
    "nohup": frozenset(),
    "command": option.words("-p"),
    "exec": option.words("-c"),
    "stdbuf": frozenset(),
    "builtin": frozenset(),
    "time": option.words("-p"),
    "xvfb-run": option.words("-a"),
    "retry": frozenset(),
}
_SHELLS = frozenset({"bash", "sh", "dash", "zsh"})
_SHELL_SWITCHES = option.words("-e -u -x -l -i -v --noprofile --norc --login")
_REMOTE = re.compile(r"^(docker|oci|docker-daemon|docker-archive|containers-storage):(//)?")


def perform(script: Script, words: list[str], given: File) -> Outcome:
    """Do what a command does. Raises script.Leave, shell.ShellError or NotInLab."""
    words = _unwrapped(words, script)
    if not words:
        return Outcome()
    words = [words[0].rpartition("/")[2] if words[0].startswith("/") else words[0], *words[1:]]
    found = builtin.run(script, words, given)
    if found is not None:
        return found
    machine, name = script.machine, words[0]
    if name in _SHELLS:
        return _shell(script, words, given)
    if name in engine_command.ENGINES:
        return engine_command.run(script, words, given)
    if asked := scanner.command(words, script.variables):
        return engine_command.scan(machine, asked)
    match name:
        case "xargs":
            return _xargs(script, words, given)
        case "skopeo" | "crane" | "regctl" | "oras" | "cosign":
            return _registry_tool(machine, words)
        case "git" if words[1:2] in (["clone"], ["fetch"], ["checkout"], ["pull"]):
            machine.checked_out = True
        case "gh" if words[1:3] == ["repo", "clone"]:
            machine.checked_out = True
        case "syft":
            return _bill(machine, words)
        case "aws" | "gcloud" | "az" | "doctl" | "helm" | "ecr-login":
            machine.logged_in |= bool(
                re.search("login|get-login|configure-docker", " ".join(words))
            )
    if engine_command.is_test(words):
        return engine_command.tested(machine, frozenset(), " ".join(words))
    if re.search(r"docker/config\.json|\.docker\b", " ".join(words)):
        machine.logged_in = True
    if "/" in name or name in ("make", "just", "task", "python", "python3", "node"):
        machine.note(f"runs {' '.join(words)[:60]}, which the lab doesn't look into")
    out = given.text and unknown.mark(f"{given.text.strip()[:200]} | {' '.join(words)}")
    return Outcome(0, File(out or unknown.mark(f"output of {' '.join(words)}")), is_question=True)


def _unwrapped(words: list[str], script: Script) -> list[str]:
    while words and words[0].rpartition("/")[2] in _WRAPPERS:
        name = words[0].rpartition("/")[2]
        if name == "exec" and len(words) == 1:
            return []
        words = option.read(words[1:], _WRAPPERS[name], stop=True).positional
        if name == "timeout" or (name == "retry" and words[:1] and words[0].isdigit()):
            words = words[1:]
        while name in ("env", "sudo") and words and re.match(r"[A-Za-z_]\w*=", words[0]):
            variable, _, value = words[0].partition("=")
            script.variables[variable] = value
            words = words[1:]
    return words


def _shell(script: Script, words: list[str], given: File) -> Outcome:
    """``bash -c '…'`` and ``bash <<EOF``; a script's own file isn't there to be read."""
    at = next((i for i, word in enumerate(words) if re.fullmatch(r"-[a-z]*c", word)), 0)
    source = words[at + 1] if at and len(words) > at + 1 else ""
    if not at and not [
        word for word in words[1:] if not word.startswith("-") and word != "pipefail"
    ]:
        source = given.text
    if not source:
        if engine_command.is_test(words):
            return engine_command.tested(script.machine, frozenset(), " ".join(words))
        script.machine.note(f"runs {' '.join(words)[:60]}, which the lab doesn't look into")
        return Outcome(is_question=True)
    flags = " ".join(word for word in words[1 : at or None] if word.startswith("-")) + (
        words[at] if at else ""
    )
    inner = Script(
        script.machine,
        dict(script.variables),
        script.perform,
        stops_on_error="e" in flags.replace("--noprofile", "").replace("--norc", ""),
        pipefail="pipefail" in words,
        calls=script.calls,
    )
    script.calls[0] += 1
    if script.calls[0] > MAX_CALLS:
        raise NotInLab("A script starts shells within shells. Nothing was scored.")
    code = inner.run(source)
    script.calls[0] -= 1
    return Outcome(code)


def _xargs(script: Script, words: list[str], given: File) -> Outcome:
    switches = frozenset({"-r", "-t", "-0", "--no-run-if-empty", "-p"})
    options = option.read(words[1:], switches, stop=True)
    command, items = options.positional or ["echo"], given.text.split()
    place = options.get("-I")
    one_by_one = bool(place) or bool(options.get("-n", "-L", "--max-args"))
    rounds = [[item] for item in items[:100]] if one_by_one else [items[:100]]
    worst, out = 0, ""
    for chosen in rounds if items else []:
        line = [*command, *chosen]
        if place:
            line = [growth.replaced(word, place, chosen[0]) for word in command]
        script.machine.world.work.add()
        script.machine.world.work.weigh(*line)
        found = script.perform(script, line, File())
        worst, out = found.code or worst, growth.joined((out, found.out.text))
    return Outcome(123 if worst else 0, File(out))


def _registry_tool(machine: Machine, words: list[str]) -> Outcome:
    """skopeo, crane, regctl: copy images between archives, engines and registries."""
    switches = option.words("--all -a --insecure --preserve-digests --quiet -q -v --yes -y -r")
    plain = option.read(words[1:], switches).positional
    verb, *names = plain or [""]
    if verb == "image" and names:
        verb, *names = names
    if verb in ("login", "auth"):
        machine.logged_in = True
        return Outcome()
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
        return Outcome()
    kind = source.partition(":")[0] if _REMOTE.match(source) else "docker"
    name, place = _REMOTE.sub("", source), _REMOTE.sub("", target)
    if target.startswith(("docker-daemon:", "docker-archive:", "oci:")):
        return Outcome()
    if kind in ("docker-archive", "oci"):
        file = machine.files.get(name.partition(":")[0].rpartition("/")[2])
        image = frozenset(build for _, each in (file.images if file else ()) for build in each)
        return Outcome(int(not (image and machine.push(image, place))))
    if kind in ("docker-daemon", "containers-storage") and (found := machine.local(name)):
        return Outcome(int(not machine.push(found, place)))
    return engine_command.copy(machine, [name], [place])


def _bill(machine: Machine, words: list[str]) -> Outcome:
    """syft writes a bill of materials: an archive of the image, for a scanner's purpose."""
    options = option.read(words[1:], frozenset({"-q", "-v", "--quiet"}))
    targets = [word for word in options.positional if word != "scan"]
    image = machine.find(targets[0].removeprefix("docker:")) if targets else None
    file = File(images=((targets[0], image),)) if image else File()
    for each in options.all("-o", "--output", "--file"):
        if name := each.rpartition("=")[2].rpartition("/")[2]:
            machine.files[name] = file
    return Outcome(0, file)
