"""The classroom's compose file and hub configuration say what its README promises.

Building and starting a classroom takes PyPI, Debian's archive and minutes: its README says what was
run by hand. Here Compose itself and JupyterHub's own configuration loader read the files.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from traitlets.config.loader import PyFileConfigLoader

from grader.exercise import project

CLASSROOM = project.ROOT / "docker" / "classroom"
GIVEN = {
    "CLASSROOM_LEARNERS": "ada grace",
    "CLASSROOM_PASSWORD": "only-for-this-test",
    "CLASSROOM_BUNDLE": "/srv/lab.tar",
}


def compose(given: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What Compose makes of the file, with no .env and no other environment."""
    command = ["docker", "compose", "--env-file", "/dev/null", "--profile", "build"]
    command += ["--file", str(CLASSROOM / "compose.yaml"), "config", "--format", "json"]
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(
        command, env={**kept, **given}, capture_output=True, text=True, check=False, timeout=60
    )


def hub(monkeypatch: pytest.MonkeyPatch, **given: str) -> Any:
    """The hub's configuration under these settings alone."""
    for name in [name for name in os.environ if name.startswith("CLASSROOM_")]:
        monkeypatch.delenv(name)
    for name, value in {**GIVEN, **given}.items():
        monkeypatch.setenv(name, value)
    return PyFileConfigLoader("jupyterhub_config.py", path=str(CLASSROOM / "hub")).load_config()


def test_only_this_machine_reaches_the_hub(tmp_path: Path) -> None:
    """A class's passwords must not cross a network in the clear because of a default."""
    services = json.loads(compose(GIVEN, tmp_path).stdout)["services"]
    published = [port["host_ip"] for each in services.values() for port in each.get("ports", [])]
    assert published == ["127.0.0.1"]


def test_learners_have_no_way_out(tmp_path: Path) -> None:
    """The network of the places is internal, and is the one that the hub puts them on."""
    content = json.loads(compose(GIVEN, tmp_path).stdout)
    learners = content["networks"]["learners"]
    assert learners["internal"] is True
    assert content["services"]["hub"]["environment"]["CLASSROOM_NETWORK"] == learners["name"]


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_asks_for_what_it_needs(name: str, tmp_path: Path) -> None:
    """No password, list or bundle is made up: Compose names what is missing."""
    done = compose({key: value for key, value in GIVEN.items() if key != name}, tmp_path)
    assert done.returncode != 0
    assert name in done.stderr


def test_every_setting_of_the_hub_reaches_it(tmp_path: Path) -> None:
    """A setting that compose.yaml doesn't hand on would be without effect, silently."""
    environment = json.loads(compose(GIVEN, tmp_path).stdout)["services"]["hub"]["environment"]
    source = (CLASSROOM / "hub" / "jupyterhub_config.py").read_text()
    used = {"CLASSROOM_" + part.partition('"')[0] for part in source.split('setting("')[1:]}
    assert used == set(environment)


def test_places_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory without swap on top, processors and processes."""
    spawner = hub(monkeypatch, CLASSROOM_MEMORY="3G", CLASSROOM_CPUS="1.5").DockerSpawner
    host = spawner.extra_host_config
    assert (spawner.mem_limit, host["memswap_limit"]) == ("3G", "3G")
    assert (spawner.cpu_limit, host["pids_limit"]) == (1.5, 2000)


def test_a_runtime_takes_the_place_of_privileges(monkeypatch: pytest.MonkeyPatch) -> None:
    """With sysbox nothing may be left privileged; without it an engine needs it."""
    host = hub(monkeypatch, CLASSROOM_RUNTIME="sysbox-runc").DockerSpawner.extra_host_config
    assert host["runtime"] == "sysbox-runc"
    assert "privileged" not in host
    assert hub(monkeypatch).DockerSpawner.extra_host_config["privileged"] is True


def test_only_who_is_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was taken off the list is out, though the hub's database remembers them."""
    authenticator = hub(monkeypatch).Authenticator
    assert authenticator.allowed_users == {"ada", "grace"}
    assert authenticator.allow_existing_users is False


@pytest.mark.parametrize("names", ["ada ../grace", "Ada", "1ada", " "])
def test_odd_names_are_refused(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names become names of volumes and folders."""
    with pytest.raises(SystemExit, match="small letters"):
        hub(monkeypatch, CLASSROOM_LEARNERS=names)


def test_dev_container_sets_the_lab_up() -> None:
    """The dev container is JSON once its comment lines are gone, and calls our own set-up."""
    lines = (project.ROOT / ".devcontainer" / "devcontainer.json").read_text().splitlines()
    content = json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))
    assert content["postCreateCommand"] == content["postStartCommand"] == "./lab setup --yes"
    assert content["forwardPorts"] == [8888]
    assert content["privileged"] is True
