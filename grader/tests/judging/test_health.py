"""Who has a health check: the image, the compose file, or neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.compose import Service
from grader.engine.image import HealthCheck, Image
from grader.judging import health

IMAGE = Image("sha256:0", "", (), (), {}, (), "SIGTERM", {}, None, (), "{}", ())
CHECKED = replace(IMAGE, health=HealthCheck(("CMD", "true"), 1.0, 1.0, 0.0, 3))
HAS: dict[str, Any] = {"Healthcheck": {"Test": ["CMD", "true"]}}
NONE: dict[str, Any] = {"Healthcheck": {"Test": ["NONE"]}}


def service(config: dict[str, Any]) -> Service:
    return Service("scorer", {}, config, {})


@pytest.mark.parametrize(("image", "config"), [(CHECKED, {}), (IMAGE, HAS), (CHECKED, HAS)])
def test_either_has_a_health_check(image: Image, config: dict[str, Any]) -> None:
    health.assert_checked(image, service(config))


@pytest.mark.parametrize(("image", "config"), [(IMAGE, {}), (CHECKED, NONE)])
def test_none_or_one_that_is_switched_off(image: Image, config: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=r"Neither the image nor compose\.yaml"):
        health.assert_checked(image, service(config))
