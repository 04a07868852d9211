"""An image from three sides: its service with a read-only root, its contents, its second build."""

from __future__ import annotations

import pytest

from grader.judging.scenes import inspection
from grader.judging.scenes import rebuild as rebuilds
from grader.probe.bench import Bench
from grader.probe.start import Rebuild, Start
from grader.tests.judging.conftest import SERVICE, Built

pytestmark = pytest.mark.slow

SECRET = b"TOKEN=dev-0123456789abcdef0123456789abcdef\n"
GIVEN = {"app.py": SERVICE.read_bytes(), ".env": SECRET}


def test_all_three_sides(built: Built, start: Start, rebuild: Rebuild, bench: Bench) -> None:
    """It serves with a read-only root, holds a secret, and its code's layer alone is new."""
    image = built("", {".env": SECRET})
    begun = inspection.begin(image, start, rebuild, GIVEN, bench, code="app.py", secrets=(".env",))
    assert begun.life().refusal is None
    contents = begun.contents()
    assert "/app/app.py" in contents.filesystem
    assert {sighting.name for sighting in contents.layers.sightings} & contents.secrets.keys()
    rebuilt = begun.rebuilt()
    assert [layer.instruction.split()[0] for layer in rebuilt.new] == ["COPY"]
    assert 0 < rebuilt.megabytes < 1
    assert rebuilt.largest.startswith("COPY . .")
    assert len(rebuilt.rows) == 1


def test_service_that_writes_beside_its_code(built: Built, start: Start, bench: Bench) -> None:
    """It doesn't serve with a read-only root; it is looked at with a writable one all the same."""
    life = inspection.live(built("writes"), start, bench, {})()
    assert life.refusal
    assert "ended at once" in life.refusal.message
    assert life.container.get("/health").ok


def test_engine_keeps_what_it_built(built: Built, rebuild: Rebuild) -> None:
    """A build of the same files makes no new layer here, so a new one is a learner's."""
    rebuilds.require_cache(built(), rebuild)
