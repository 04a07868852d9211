"""The labels that say what an image is, under the names that the OCI has agreed on.

Only the image's own words are read; whether they are true isn't known here.
"""

from __future__ import annotations

from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.verdict.report import Evidence

OCI = "org.opencontainers.image"


def assert_described(image: Image, bench: Bench) -> None:
    """The image has a version, and a title or a description; none of them blank."""
    found = {key: text for key, text in image.labels.items() if key.startswith(f"{OCI}.")}
    rows = "\n".join(f"{key}={text}" for key, text in sorted(found.items()))
    bench.record(
        Evidence(
            "docker image inspect -f '{{range $k, $v := .Config.Labels}}{{$k}}={{println $v}}"
            f"{{{{end}}}}' web | grep {OCI} || true",
            rows or "(none)",
        )
    )
    assert found.get(f"{OCI}.version", "").strip(), f"No label {OCI}.version says which version."
    what = found.get(f"{OCI}.title", "") + found.get(f"{OCI}.description", "")
    assert what.strip(), f"No label {OCI}.title or {OCI}.description says what this is."
