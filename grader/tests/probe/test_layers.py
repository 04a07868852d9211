"""Layers of real images: what each holds and takes away, and where given bytes lie in them."""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Iterator, Mapping
from secrets import token_hex

import pytest

from grader.answer import recipe
from grader.engine import build, image
from grader.engine.bases import DISTROLESS, SLIM
from grader.engine.client import connect
from grader.engine.sandbox import LIMITS
from grader.engine.session import Session
from grader.probe import layers, search
from grader.probe.bench import Bench
from grader.probe.layers import Layers, overlay, saved
from grader.probe.layers.archive import Budget
from grader.verdict.outcome import GraderError

SECRET = token_hex(16).encode()
NEEDLES = {"token": SECRET}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Session(connect()) as session:
        opened = Bench(session.engine, session, LIMITS, lambda evidence: None)
        yield opened
        opened.close()


def built(bench: Bench, text: str, files: Mapping[str, bytes] | None = None) -> image.Image:
    """An image of the session's, from a Dockerfile."""
    session = bench.session
    identity = build.build(
        recipe.review(text),
        files or {},
        folder=session.folder,
        labels=session.labels,
        seconds=60.0,
        printed=lambda line: None,
    )
    session.owns_image(identity)
    return image.inspect(session.engine, identity)


def read(bench: Bench, text: str, files: Mapping[str, bytes] | None = None) -> Layers:
    return layers.read(bench, built(bench, text, files), NEEDLES)


def seen(found: Layers) -> set[tuple[str, str]]:
    return {(sighting.path, sighting.form) for sighting in found.sightings}


DELETING = """FROM python:3.11-slim
WORKDIR /app
COPY .env keep.txt ./
RUN rm .env && mkdir /data && echo old > /data/old
CMD ["true"]
RUN rm -rf /data && mkdir /data && echo new > /data/new && rm -rf /usr/share/doc/bash
"""


@pytest.fixture(scope="module")
def deleting(bench: Bench) -> Layers:
    return read(bench, DELETING, {".env": b"TOKEN=" + SECRET + b"\n", "keep.txt": b"kept"})


def test_layers_are_as_large_as_docker_history_says(bench: Bench) -> None:
    """To the byte on an engine's own store; further names of a file (hard links) hold nothing."""
    text = (
        "FROM python:3.11-slim\n"
        "RUN head -c 300000 /dev/zero > /a && ln /a /b && ln /b /c && ln -s /a /d\n"
        "COPY keep.txt /\nRUN head -c 5000 /dev/zero > /a\n"
    )
    image = built(bench, text, {"keep.txt": b"kept"})
    found = layers.read(bench, image)
    sizes = [entry["Size"] for entry in bench.engine.history(image.id)]
    assert [layer.size for layer in found.above] == [300000, 4, 5000]
    assert layers.beyond_slim(bench, found) == found.size == 305004
    if bench.engine.facts.store == "overlay2":
        assert sizes[:3] == [5000, 4, 300000]


def test_size_is_compared_with_slim_whatever_the_base(bench: Bench) -> None:
    """Distroless is smaller than slim; what is added to it counts all the same."""
    base = read(bench, "FROM gcr.io/distroless/python3-debian12\nCOPY a /\n", {"a": b""})
    more = read(bench, "FROM gcr.io/distroless/python3-debian12\nCOPY a /\n", {"a": b"x" * 1000})
    alone = read(bench, "FROM scratch\nCOPY a /\n", {"a": b"x" * 1000})
    below = layers.beyond_slim(bench, base)
    assert below < 0
    assert layers.beyond_slim(bench, more) == below + 1000
    assert layers.beyond_slim(bench, alone) < below


def test_deleted_file_is_found_in_the_layer_that_brought_it(deleting: Layers) -> None:
    """RUN rm in a later layer hides a file and keeps it."""
    assert seen(deleting) == {("/app/.env", "as it is")}
    guilty = deleting.layer(deleting.sightings[0].layer)
    assert guilty.instruction == "COPY .env keep.txt ./"
    assert guilty.size == len(SECRET) + 7 + 4


def test_layers_stand_above_the_lab_base(deleting: Layers) -> None:
    """The lab's own layers are nobody's answer, and CMD makes none."""
    assert deleting.base == SLIM
    made = [layer.instruction.partition(" ")[0] for layer in deleting.above]
    assert made == ["WORKDIR", "COPY", "RUN", "RUN"]


@pytest.mark.slow
def test_final_file_system_is_what_a_container_would_see(bench: Bench, deleting: Layers) -> None:
    """What was deleted, or lies in a folder that was made anew, is gone; the rest is there."""
    view = layers.filesystem(bench, deleting)
    assert "/app/keep.txt" in view
    assert "/app/.env" not in view
    assert "/data/new" in view
    assert "/data/old" not in view
    assert "/usr/share/doc/bash/copyright" not in view
    assert view["/usr/local/bin/python3.11"].is_executable
    assert view["/bin"].target == "usr/bin"


@pytest.mark.slow
def test_both_ways_to_read_find_the_same(bench: Bench, deleting: Layers) -> None:
    """docker save is the slow way that every engine has."""
    slow = layers.read(bench, image.inspect(bench.engine, deleting.image), NEEDLES, quick=False)
    assert slow.knows_emptied
    assert [set(layer.entries) for layer in slow.above] == [
        set(layer.entries) for layer in deleting.above
    ]
    assert [layer.deleted for layer in slow.above[:3]] == [
        layer.deleted for layer in deleting.above[:3]
    ]
    assert slow.sightings == deleting.sightings
    assert slow.above[3].emptied == {"/data"}
    assert layers.filesystem(bench, slow) == layers.filesystem(bench, deleting)


def test_quick_way_is_taken_where_there_is_one(bench: Bench, deleting: Layers) -> None:
    """The slow way gives the same facts, so nothing else would show that it was taken."""
    data = bench.engine.image(deleting.image)
    overlaid = bool(overlay.folders(data, len(data["RootFS"]["Layers"])))
    assert deleting.knows_emptied is not overlaid


def test_modes_and_owners_are_kept(bench: Bench) -> None:
    """Whether code can be written to is read from here."""
    text = "FROM python:3.11-slim\nCOPY --chown=1000:1001 --chmod=640 a /a\nRUN ln /a /b\n"
    entry = layers.filesystem(bench, read(bench, text, {"a": b"12345"}))["/b"]
    assert (entry.kind, entry.mode, entry.uid, entry.gid) == ("file", 0o640, 1000, 1001)
    assert entry.size == 5
    assert entry.is_writable_by(1000, frozenset())
    assert not entry.is_writable_by(1001, frozenset({1001}))


@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
def test_base64_is_found_at_every_alignment(bench: Bench, before: bytes) -> None:
    """Encoding hides nothing; neither do the line ends that base64 writes."""
    text = "FROM python:3.11-slim\nCOPY a /a\nRUN base64 /a > /b && rm /a\n"
    content = before + b"y" * 48 + SECRET + b" and more\n"
    assert ("/b", "base64") in seen(read(bench, text, {"a": content}))


def test_compressed_files_are_opened(bench: Bench) -> None:
    """A wheel, a tar.gz and an xz hold what they hold."""
    pack = "import lzma; lzma.open('/a.xz', 'w').write(open('a.txt', 'rb').read())"
    text = "FROM python:3.11-slim\nCOPY a.txt /x/\nWORKDIR /x\nRUN tar -czf /a.tgz /x\n"
    text += f'RUN python -m zipfile -c /a.zip a.txt && python -c "{pack}"\n'
    forms = seen(read(bench, text, {"a.txt": b"TOKEN=" + SECRET}))
    packed = {path for path, form in forms if form == "as it is, compressed"}
    assert packed == {"/a.tgz", "/a.xz", "/a.zip"}


def test_names_and_links_are_searched(bench: Bench) -> None:
    """A secret may be a file's name, or where a link points."""
    text = f"FROM python:3.11-slim\nRUN ln -s /{SECRET.decode()} /link\n"
    assert seen(read(bench, text)) == {("/link", "in its name")}


def test_image_of_another_base_is_known_by_it(bench: Bench) -> None:
    found = read(bench, "FROM gcr.io/distroless/python3-debian12\nCOPY a /a\n", {"a": b"1"})
    assert (found.base, len(found.above)) == (DISTROLESS, 1)


def test_image_from_scratch_has_no_base(bench: Bench) -> None:
    found = read(bench, "FROM scratch\nCOPY a /a\n", {"a": SECRET})
    assert (found.base, seen(found)) == ("", {("/a", "as it is")})
    assert set(layers.filesystem(bench, found)) == {"/a"}


@pytest.mark.parametrize("split", range(0, len(SECRET) + 2, 3))
def test_bytes_across_two_chunks_are_found(split: int) -> None:
    """Streams come in pieces, and a piece may end anywhere."""
    looking = search.Search(search.patterns(NEEDLES))
    content = b"\0" + SECRET
    looking.feed(content[:split])
    looking.feed(content[split:])
    assert looking.found == {("token", "as it is")}


def test_wrapped_base64_across_two_chunks_is_found() -> None:
    looking = search.Search(search.patterns(NEEDLES))
    content = base64.encodebytes(b"y" * 40 + SECRET)
    for start in range(0, len(content), 7):
        looking.feed(content[start : start + 7])
    assert looking.found == {("token", "base64")}


def test_short_needles_are_refused() -> None:
    """They would be found by chance."""
    with pytest.raises(ValueError, match="pin"):
        search.patterns({"pin": b"1234"})


def archived(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A tar archive."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return whole.getvalue()


def test_the_older_layout_of_docker_save_is_read() -> None:
    """Engines before 25 name layers by ids of their own, and link those that are the same."""
    first = archived({"etc/a": SECRET, "etc/b": b"1"})
    second = archived({"etc/.wh.a": b"", "opt/.wh..wh..opq": b""})
    manifest = b'[{"Layers": ["1/layer.tar", "2/layer.tar", "3/layer.tar"]}]'
    files = {"1/layer.tar": first, "1/VERSION": b"1.0", "3/layer.tar": second}
    whole = archived({**files, "manifest.json": manifest}, {"2/layer.tar": "../1/layer.tar"})
    found = saved.read(io.BytesIO(whole), search.patterns(NEEDLES), Budget())
    assert [set(content.entries) for content in found] == [{"/etc/a", "/etc/b"}] * 2 + [set()]
    assert [set(content.sightings) for content in found] == [{"/etc/a"}] * 2 + [set()]
    assert (found[2].deleted, found[2].emptied) == ({"/etc/a"}, {"/opt"})


@pytest.mark.parametrize("whole", [b"", b"no archive", archived({"a": b"1"})])
def test_what_cannot_be_read_is_our_fault(whole: bytes) -> None:
    with pytest.raises(GraderError):
        saved.read(io.BytesIO(whole), (), Budget())
