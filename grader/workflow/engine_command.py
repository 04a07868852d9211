"""What ``docker`` commands (and podman's, buildah's) do to images, by their command lines."""

from __future__ import annotations

import posixpath

from grader.stage import Call, Reply
from grader.workflow import archive, container, option, scan, unknown
from grader.workflow.machine import Image, Machine

ENGINES = frozenset({"docker", "podman", "nerdctl", "buildah"})
BUILD_SWITCHES = option.words(
    "--load --push --no-cache --pull -q --quiet --rm --force-rm --squash --compress --check "
    "--debug -D --layers --tls-verify"
)
_GLOBAL = frozenset({"-D", "--debug", "--tls", "--tlsverify"})
_QUIET = frozenset({"-q", "--quiet", "-a", "--all-tags", "-m", "--compress"})


def run(machine: Machine, words: list[str], call: Call) -> Reply | None:
    """One engine command; None where only a run on GitHub would know. ``words`` are the call's,
    with marks."""
    options = option.read(words[1:], _GLOBAL, stop=True)
    verb, *rest = options.positional or [""]
    if verb in ("image", "container", "builder") and rest:
        verb, *rest = rest
    if verb == "buildx" and rest:
        verb, *rest = rest
        return _buildx(machine, verb, rest, call)
    match verb:
        case "build" | "bud":
            separate = machine.separate_builder and (
                machine.aliased or bool(call.environment.get("BUILDX_BUILDER"))
            )
            return build(machine, rest, call, separate=separate)
        case "tag":
            names = option.read(rest, frozenset()).positional
            found = machine.local(names[0]) if len(names) > 1 else None
            if not found:
                return _absent(machine, names[:1])
            machine.keep(found, names[1:])
        case "push":
            return _push(machine, rest)
        case "pull":
            names = option.read(rest, _QUIET).positional
            if names and (pulled := machine.remote(names[0])):
                machine.keep(pulled, names[:1])
            elif names and not machine.local(names[0]) and machine.missing(names[0]):
                return _absent(machine, names)
        case "save":
            return _save(machine, rest)
        case "load" | "import":
            return _load(machine, rest, call)
        case "login":
            machine.log_in(call.given + " ".join(rest))
        case "run" | "create":
            return container.run(machine, rest, call)
        case "exec":
            return container.enter(machine, rest, call)
        case "inspect" | "images":
            return _inspect(machine, rest)
        case "compose":
            return _fails(machine, "uses docker compose, and the repository has no compose file")
        case "scout":
            view = scan.View(call.read, call.environment)
            return scan.run(machine, ["docker-scout", *rest], view)
        case "manifest":
            machine.note("the lab doesn't follow docker manifest")
            machine.world.unfamiliar.add("docker manifest")
        case "ps" | "logs" | "port" | "wait" | "stats" | "version" | "info" | "history":
            return None
    return Reply()


def _fails(machine: Machine, why: str) -> Reply:
    machine.note(why)
    return Reply(1, err=f"{unknown.shown(why)}\n")


def _buildx(machine: Machine, verb: str, rest: list[str], call: Call) -> Reply:
    match verb:
        case "build" | "b":
            return build(machine, rest, call, separate=machine.separate_builder)
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
            return _fails(machine, "uses docker buildx bake, and the repository has no bake file")
    return Reply()


def build(machine: Machine, words: list[str], call: Call, *, separate: bool) -> Reply:
    options = option.read(words, BUILD_SWITCHES)
    outputs = options.all("-o", "--output")
    if options.get("--target") and not options.get("-f", "--file"):
        return _fails(machine, f"the Dockerfile has no stage called {options.get('--target')}")
    outputs += ["type=registry"] if options.has("--push") else []
    outputs += ["type=docker"] if options.has("--load") else []
    place = (options.positional or ["."])[-1]
    file = options.get("-f", "--file") or posixpath.join(place, "Dockerfile")
    present = "://" in place or place == "-" or call.read(file) is not None
    code, mark, files = built(
        machine, options.all("-t", "--tag"), outputs, separate=separate, present=present
    )
    if (idfile := options.get("--iidfile")) and not code:
        files[idfile] = mark
    out = f"{mark}\n" if options.has("-q", "--quiet") and not code else ""
    return Reply(code, out, "" if not code else "the build fails\n", files)


def built(
    machine: Machine, tags: list[str], outputs: list[str], *, separate: bool, present: bool
) -> tuple[int, str, dict[str, str]]:
    """Build and put the image where the outputs say: (exit code, the mark of its id, archives)."""
    made = machine.build(tags, present=present)
    files: dict[str, str] = {}
    if made is None:
        return 1, "", files
    image = frozenset({made})
    kept = not separate and not outputs
    for each in outputs:
        fields = dict(part.partition("=")[::2] for part in each.split(","))
        kind = fields.get("type", "")
        names = [fields["name"].strip('"'), *tags] if fields.get("name") else tags
        target = fields.get("dest", "")
        machine.world.work.add(len(names))
        if kind == "registry" or fields.get("push") == "true":
            if fields.get("push-by-digest") == "true":
                names = [f"{name}@digest" for name in names[:1]]
            if not names or not all(machine.push(image, name) for name in names):
                return 1, "", files
        elif kind in ("docker", "oci", "tar") and target:
            files[target] = archive.text((name, image) for name in names)
        kept |= kind in ("docker", "image") and not target and not (kind == "image" and separate)
    if kept:
        machine.keep(image, tags)
    else:
        machine.lose(tags, "its build left it in the builder (load: true or --load keeps it)")
    return 0, made.mark, files


def copy(machine: Machine, sources: list[str], names: list[str]) -> Reply:
    """Give an image in the registry other names there."""
    found: set[Image] = set()
    for source in sources:
        image = machine.remote(source)
        builds = {build for each in machine.world.registry.values() for build in each}
        if image is None and not unknown.is_known(source) and builds:
            image = frozenset(builds)
        if image is None:
            return _absent(machine, [source])
        found.add(image)
    image = frozenset(build for each in found for build in each)
    names = names or [unknown.mark("tags", unknown.SOME)]
    return _went(all(machine.push(image, name) for name in names))


def _went(went: bool) -> Reply:
    return Reply() if went else Reply(1, err="denied\n")


def _absent(machine: Machine, names: list[str]) -> Reply:
    name = (names or [""])[0]
    return _fails(
        machine,
        machine.missing(name) or f"there is no image {unknown.shown(name)} on this runner",
    )


def _push(machine: Machine, words: list[str]) -> Reply:
    options = option.read(words, _QUIET)
    names = options.positional[:1]
    if not names:
        return Reply(1, err="requires 1 argument\n")
    if options.has("-a", "--all-tags"):
        start = names[0].casefold() + ":"
        tags = [each for each in machine.images if each.startswith(start)]
        return _went(all(machine.push(machine.images[each], each) for each in tags))
    image = machine.local(names[0])
    target = options.positional[1] if len(options.positional) > 1 else names[0]
    return _absent(machine, names) if image is None else _went(machine.push(image, target))


def _save(machine: Machine, words: list[str]) -> Reply:
    options = option.read(words, _QUIET)
    pairs = []
    for name in options.positional:
        machine.world.work.add()
        image = machine.local(name)
        if image is None:
            return _absent(machine, [name])
        pairs.append((name, image))
    target = options.get("-o", "--output")
    content = archive.text(pairs)
    return Reply(files={target: content}) if target else Reply(out=content)


def _load(machine: Machine, words: list[str], call: Call) -> Reply:
    source = option.read(words, _QUIET).get("-i", "--input")
    content = call.read(source) if source else call.given.encode("utf-8", "surrogateescape")
    found = archive.images(content, machine.world.builds)
    if not found:
        what = unknown.shown(source) or "what it is given"
        return _fails(machine, f"there is no image in {what} here")
    for name, image in found:
        machine.keep(image, [name])
    return Reply(out="".join(f"Loaded image: {name}\n" for name, _ in found))


def _inspect(machine: Machine, words: list[str]) -> Reply | None:
    names = [word for word in words if not word.startswith("-")]
    found = next((image for name in reversed(names) if (image := machine.local(name))), None)
    if found and len(found) == 1:
        return Reply(out=f"{next(iter(found)).mark}\n")
    return None
