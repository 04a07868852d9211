"""Whether a build after a change of the code takes the installed requirements from the cache.

Seen by the layers that are new: what a cached instruction made is the same layer as before.
"""

from __future__ import annotations

from grader.engine.image import Image
from grader.judging.scenes import rebuild as rebuilds
from grader.judging.scenes.rebuild import Rebuilt
from grader.probe.bench import Bench
from grader.probe.start import Rebuild
from grader.verdict.report import Evidence

MOST_MB = 1.0
"""What a change of one line may add to the image. The requirements are 15 times that."""
LOOK = (
    "d=$(mktemp -d); cp -r . $d; echo '# changed' >> $d/app.py; id=$(docker build -q $d); "
    "docker history $id; docker rmi $id"
)


def assert_used(rebuilt: Rebuilt, image: Image, rebuild: Rebuild, bench: Bench) -> None:
    """Next to nothing of the image is new. Raises GraderError when the engine keeps no cache."""
    bench.record(Evidence(LOOK, "\n".join(rebuilt.rows) or "nothing is new", told=True))
    if rebuilt.megabytes > MOST_MB:
        rebuilds.require_cache(image, rebuild)
    assert rebuilt.megabytes <= MOST_MB, (
        f"After a change of one line in app.py {rebuilt.megabytes:.0f} MB of the image are new, "
        f"made again by `{rebuilt.largest}`: the requirements were installed again."
    )
