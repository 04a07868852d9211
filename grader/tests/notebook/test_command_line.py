"""Command lines that mean the same are equal, others are not."""

from __future__ import annotations

import pytest

from grader.notebook.command_line import parse


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("docker run -u 1000 web", "docker run --user 1000 web"),
        ("docker run -u1000 web", "docker run --user=1000 web"),
        ("docker run -it web", "docker run --tty --interactive web"),
        ("docker run --rm -d web", "docker container run -d --rm web"),
        ("docker run --rm=true web", "docker run --rm web"),
        ("docker run --rm=false web", "docker run web"),
        ("sudo docker run web", "$ docker run web"),
        ("docker run -e A=1 -e 'B=2 3' web", 'docker run --env "B=2 3" --env A=1 web'),
        ("docker run \\\n  -m 64m web", "docker run --memory 64m web"),
        ("docker logs web -f", "docker logs --follow web"),
        ("docker build -t web .", "docker image build . --tag web"),
        ("docker run -dm64m web", "docker run -d -m 64m web"),
    ],
)
def test_equal(one: str, other: str) -> None:
    assert parse(one) == parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("docker run --rm web", "docker run web --rm"),
        ("docker run web", "docker start web"),
        ("docker run -u 1000 web", "docker run -u 1001 web"),
        ("docker run web a b", "docker run web b a"),
        ("docker run -t web", "docker run -i web"),
        ("docker build -t web .", "docker run -t web ."),
        ("podman run web", "docker run web"),
    ],
)
def test_different(one: str, other: str) -> None:
    assert parse(one) != parse(other)


def test_options_of_the_program_inside_are_not_dockers() -> None:
    """``--rm`` behind the image is an argument of the program."""
    line = parse("docker run web ls --all")
    assert line.options == frozenset()
    assert line.arguments == ("web", "ls", "--all")


@pytest.mark.parametrize("text", ["", "  ", "sudo", "docker run 'web"])
def test_what_is_no_command_raises_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse(text)


def test_has_knows_short_and_long_names() -> None:
    line = parse("docker run -u 1000 web")
    assert line.has("--user")
    assert line.has("-u")
    assert line.has("web")
    assert not line.has("--rm")
