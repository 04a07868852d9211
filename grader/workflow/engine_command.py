"""What ``docker`` commands (and podman's, buildah's) do to images, by their command lines."""

from __future__ import annotations

import re

from grader.workflow import option, scanner, unknown
from grader.workflow.machine import File, Image, Machine
from grader.workflow.script import Outcome, Script

ENGINES = frozenset({"docker", "podman", "nerdctl", "buildah"})
BUILD_SWITCHES = option.words(
    "--load --push --no-cache --pull -q --quiet --rm --force-rm --squash --compress --check "
    "--debug -D --layers --tls-verify"
)
RUN_SWITCHES = option.words(
    "--rm -d --detach -i --interactive -t --tty --init --privileged --read-only -P --publish-all "
    "-q --quiet --no-healthcheck --oom-kill-disable --sig-proxy --disable-content-trust"
)
_GLOBAL = frozenset({"-D", "--debug", "--tls", "--tlsverify"})
_TEST = re.compile(
    r"(^|[\s/;&|'\"])(pytest|py\.test|unittest|tox|nox|nose2|ctest|bats|doctest)\b"
    r"|(^|\s)(make|npm|yarn|pnpm|hatch|task|just|poe)(\s+run)?(\s+-\S+)*\s+(\S*test\S*|check)\b"
    r"|(^|[\s/])tests?/|(^|[\s/'\"])(run[_-]?)?tests?(\.sh|\.py)?(['\"]|\s|$)|(^|[\s/])test_\w+\.py"
)


def is_test(words: list[str]) -> bool:
    """Whether a command line runs tests, by the names that people give them."""
    text = " ".join(words)
    if words[0].rpartition("/")[2] in ("pip", "pip3", "uv", "apt-get", "apt", "cp", "ls", "mkdir"):
        return bool(re.match(r"uv run\b", text) and _TEST.search(text))
    return bool(_TEST.search(text)) and words[0] not in ("echo", "cat", "rm", "mv", "git", "curl")


def run(script: Script, words: list[str], given: File) -> Outcome:
    """One engine command."""
    machine = script.machine
    options = option.read(words[1:], _GLOBAL, stop=True)
    verb, *rest = options.positional or [""]
    if verb in ("image", "container", "builder") and rest:
        verb, *rest = rest
    if verb == "buildx" and rest:
        verb, *rest = rest
        return _buildx(script, verb, rest)
    match verb:
        case "build" | "bud":
            separate = machine.separate_builder and (
                machine.aliased or bool(script.variables.get("BUILDX_BUILDER"))
            )
            return build(script, rest, separate=separate)
        case "tag":
            names = option.read(rest, frozenset()).positional
            found = machine.local(names[0]) if len(names) > 1 else None
            if not found:
                return _absent(machine, names[:1])
            machine.keep(found, names[1:])
        case "push":
            return _push(machine, rest)
        case "pull":
            names = option.read(rest, frozenset({"-q", "--quiet", "-a", "--all-tags"})).positional
            if names and (pulled := machine.remote(names[0])):
                machine.keep(pulled, names[:1])
            elif names and not machine.local(names[0]) and machine.missing(names[0]):
                return _absent(machine, names)
        case "save":
            return _save(machine, rest)
        case "load" | "import":
            return _load(machine, rest, given)
        case "login":
            machine.log_in(given.text + " ".join(rest))
        case "run" | "create":
            return _container(script, rest, given)
        case "exec":
            command = option.read(rest, RUN_SWITCHES, stop=True).positional[1:]
            if command:
                return script.perform(script, command, given)
        case "inspect" | "images":
            return _inspect(machine, rest)
        case "compose":
            machine.note("uses docker compose, and the repository has no compose file")
            return Outcome(1)
        case "scout":
            found_scan = scanner.command(words, script.variables)
            if found_scan:
                return scan(machine, found_scan)
        case "manifest":
            machine.note("the lab doesn't follow docker manifest")
            machine.world.unfamiliar.add("docker manifest")
    return Outcome()


def _buildx(script: Script, verb: str, rest: list[str]) -> Outcome:
    machine = script.machine
    match verb:
        case "build" | "b":
            return build(script, rest, separate=machine.separate_builder)
        case "create":
            driver = option.read(rest, frozenset({"--use", "--bootstrap", "--append"}))
            if driver.has("--use") and (driver.get("--driver") or "docker-container") != "docker":
                machine.separate_builder = True
        case "use":
            machine.separate_builder = "default" not in rest
        case "imagetools" if rest[:1] == ["create"]:
            options = option.read(rest[1:], frozenset({"--append", "--dry-run"}))
            return copy(machine, options.positional, options.all("-t", "--tag"))
        case "bake":
            machine.note("uses docker buildx bake, and the repository has no bake file")
            return Outcome(1)
    return Outcome()


def build(script: Script, words: list[str], *, separate: bool) -> Outcome:
    machine = script.machine
    options = option.read(words, BUILD_SWITCHES)
    tags = options.all("-t", "--tag")
    outputs = options.all("-o", "--output")
    if options.get("--target") and not options.get("-f", "--file"):
        machine.note(f"the Dockerfile has no stage called {options.get('--target')}")
        return Outcome(1)
    outputs += ["type=registry"] if options.has("--push") else []
    outputs += ["type=docker"] if options.has("--load") else []
    return built(machine, tags, outputs, separate=separate, quiet=options.has("-q", "--quiet"))[0]


def built(
    machine: Machine,
    tags: list[str],
    outputs: list[str],
    *,
    separate: bool,
    quiet: bool = False,
    idfiles: tuple[str, ...] = (),
) -> tuple[Outcome, str]:
    """Build and put the image where the outputs say: (outcome, the mark of its id)."""
    made = machine.build(tags)
    if made is None:
        return Outcome(1), ""
    image = frozenset({made})
    kept = not separate and not outputs
    for each in outputs:
        fields = dict(part.partition("=")[::2] for part in each.split(","))
        kind = fields.get("type", "")
        names = [fields["name"].strip('"'), *tags] if fields.get("name") else tags
        target = fields.get("dest", "")
        if kind == "registry" or fields.get("push") == "true":
            if fields.get("push-by-digest") == "true":
                names = [f"{name}@digest" for name in names[:1]]
            if not names or not all(machine.push(image, name) for name in names):
                return Outcome(1), ""
        elif kind in ("docker", "oci", "tar") and target:
            file = target.rpartition("/")[2]
            for _ in names:
                machine.world.work.add()
            machine.files[file] = File(images=tuple((name, image) for name in names))
        kept |= kind in ("docker", "image") and not target and not (kind == "image" and separate)
    if kept:
        machine.keep(image, tags)
    else:
        machine.lose(tags, "its build left it in the builder (load: true or --load keeps it)")
    return Outcome(0, File(f"{made.mark}\n" if quiet else "")), made.mark


def copy(machine: Machine, sources: list[str], names: list[str]) -> Outcome:
    """Give an image in the registry other names there."""
    found: set[Image] = set()
    for source in sources:
        image = machine.remote(source)
        if image is None and not unknown.is_known(source) and len(_pushed(machine)) == 1:
            image = next(iter(_pushed(machine)))
        if image is None:
            return _absent(machine, [source])
        found.add(image)
    image = frozenset(build for each in found for build in each)
    names = names or [unknown.mark("tags", unknown.SOME)]
    return Outcome(int(not all(machine.push(image, name) for name in names)))


def _pushed(machine: Machine) -> set[Image]:
    builds = {build for image in machine.world.registry.values() for build in image}
    return {frozenset(builds)} if builds else set()


def _absent(machine: Machine, names: list[str]) -> Outcome:
    for name in names[:1]:
        machine.note(
            machine.missing(name) or f"there is no image {unknown.shown(name)} on this runner"
        )
    return Outcome(1)


def _push(machine: Machine, words: list[str]) -> Outcome:
    options = option.read(words, frozenset({"-q", "--quiet", "-a", "--all-tags"}))
    names = options.positional[:1]
    if not names:
        return Outcome(1)
    if options.has("-a", "--all-tags"):
        start = names[0].casefold() + ":"
        names = [each for each in machine.images if each.startswith(start)]
        return Outcome(int(not all(machine.push(machine.images[each], each) for each in names)))
    image = machine.local(names[0])
    target = options.positional[1] if len(options.positional) > 1 else names[0]
    if image is None:
        return _absent(machine, names)
    return Outcome(int(not machine.push(image, target)))


def _save(machine: Machine, words: list[str]) -> Outcome:
    options = option.read(words, frozenset({"-q", "--quiet", "-m", "--compress"}))
    pairs = []
    for name in options.positional:
        machine.world.work.add()
        image = machine.local(name)
        if image is None:
            return _absent(machine, [name])
        pairs.append((name, image))
    archive = File(images=tuple(pairs))
    target = options.get("-o", "--output")
    if target:
        machine.files[target.rpartition("/")[2]] = archive
        return Outcome()
    return Outcome(0, archive)


def _load(machine: Machine, words: list[str], given: File) -> Outcome:
    source = option.read(words, frozenset({"-q", "--quiet"})).get("-i", "--input")
    archive = machine.files.get(source.rpartition("/")[2]) if source else given
    if archive is None or not archive.images:
        machine.note(f"there is no image in {unknown.shown(source) or 'what it is given'} here")
        return Outcome(1)
    for name, image in archive.images:
        machine.keep(image, [name])
    marks = [build.mark for _, image in archive.images for build in image]
    return Outcome(0, File("\n".join(marks)))


def _inspect(machine: Machine, words: list[str]) -> Outcome:
    names = [word for word in words if not word.startswith("-")]
    found = next((image for name in reversed(names) if (image := machine.local(name))), None)
    if found and len(found) == 1:
        return Outcome(0, File(next(iter(found)).mark))
    return Outcome(is_question=True)


def _container(script: Script, words: list[str], given: File) -> Outcome:
    """``docker run``: a scanner in a container, tests in a container, or something else."""
    machine = script.machine
    options = option.read(words, RUN_SWITCHES, stop=True)
    if not options.positional:
        return Outcome(1)
    name, *command = options.positional
    image = machine.find(name)
    if image is None and (why := machine.missing(name)):
        machine.note(why)
        return Outcome(1)
    entry = options.get("--entrypoint")
    inner = [*([entry] if entry else []), *command]
    if image is None:
        tool = re.split(r"[:@]", name.rpartition("/")[2])[0]
        tool = "snyk" if "snyk" in name else tool
        found = scanner.command([tool, *command], script.variables)
        if inner and not found:
            found = scanner.command(inner, script.variables)
        if found:
            mounts = " ".join(options.all("-v", "--volume", "--mount"))
            return scan(machine, found, sees_engine="docker.sock" in mounts)
    elif inner and is_test(inner):
        if not options.all("-v", "--volume", "--mount", "--volumes-from") and not given.text:
            machine.note("runs tests in the image, and tests/ isn't in it: mount it")
            return Outcome(1)
        return tested(machine, image, " ".join(inner))
    if inner and is_test(inner):
        return tested(machine, frozenset(), " ".join(inner))
    return Outcome(is_question=True)


def tested(machine: Machine, image: Image, name: str) -> Outcome:
    if not machine.checked_out:
        machine.note("runs no tests: no earlier step of this job checks the repository out")
        return Outcome(1)
    machine.add("test", image, name[:80])
    return Outcome(int(machine.world.failing.tests))


def scan(machine: Machine, asked: scanner.Scan, *, sees_engine: bool = True) -> Outcome:
    """Look at an image or archive; the exit code is the scanner's."""
    target = re.sub(r"^(docker|registry|podman|image)://", "", asked.target)
    archive = machine.files.get(target.rpartition("/")[2])
    if archive and archive.images:
        image: Image | None = frozenset(b for _, each in archive.images for b in each)
    else:
        image = (machine.local(target) if sees_engine else None) or machine.remote(target)
    if image is None:
        if not sees_engine and machine.local(target):
            machine.note("the scanner's container has no access to this runner's engine")
            return Outcome(1)
        if why := machine.missing(target):
            machine.note(why)
            return Outcome(1)
    machine.add("scan", image or frozenset(), target)
    if not asked.stops_on:
        machine.note("this scan reports and never fails: it has no exit code for findings")
    return Outcome(int(bool(image) and machine.world.failing.finding in asked.stops_on))
