"""JupyterHub of a classroom: who may come in, and the place that each learner gets.

Every setting comes from the environment (see ../compose.yaml); there are no credentials here. The
authenticator is the simplest there is: one password for the whole class, so whoever knows it can
sign in as anybody on the list. REPLACE IT (``authenticator_class``) wherever marks count.
"""

import os
import re
import sys

c = get_config()  # noqa: F821 - JupyterHub gives it

HOME = "/home/learner"
START_SECONDS = 600  # the first start unpacks the lab's images
STOP_SECONDS = 30  # the learner's engine stops its containers first
NAME = re.compile(r"[a-z][a-z0-9]{0,31}")


def setting(name, default=""):
    return os.environ.get("CLASSROOM_" + name) or default


def learners():
    """The names on the list. They become names of volumes and folders, so they are plain."""
    names = set(setting("LEARNERS").replace(",", " ").split())
    wrong = sorted(name for name in names if not NAME.fullmatch(name))
    if wrong or not names:
        sys.exit(
            "CLASSROOM_LEARNERS lists the learners' names, with spaces between: small letters and "
            f"digits, a letter first. {'Not so: ' + ', '.join(wrong) if wrong else 'It is empty'}."
        )
    return names


def engine_of_its_own():
    """What lets an engine run inside: sysbox where it is installed, else all privileges."""
    if setting("RUNTIME"):
        return {"runtime": setting("RUNTIME")}
    return {"privileged": True}


c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = setting("PASSWORD")
c.Authenticator.allowed_users = learners()
c.Authenticator.allow_existing_users = False  # who leaves the list is out

c.JupyterHub.bind_url = "http://:8000"
c.JupyterHub.hub_bind_url = "http://0.0.0.0:8081"
c.JupyterHub.hub_connect_url = "http://hub:8081"
c.JupyterHub.db_url = "sqlite:////srv/hub/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "/srv/hub/cookie_secret"  # noqa: S105 - a path
c.JupyterHub.cleanup_servers = False  # a new hub finds the learners' servers running
c.ConfigurableHTTPProxy.pid_file = "/tmp/proxy.pid"  # noqa: S108 - in its own container

c.JupyterHub.spawner_class = "docker"
c.DockerSpawner.image = setting("IMAGE", "drydock/learner")
c.DockerSpawner.pull_policy = "never"  # compose builds it
c.DockerSpawner.network_name = setting("NETWORK", "drydock-learners")
c.DockerSpawner.name_template = "drydock-learner-{username}"
c.DockerSpawner.volumes = {
    "drydock-home-{username}": HOME,
    "drydock-engine-{username}": "/var/lib/docker",
}
c.DockerSpawner.read_only_volumes = {setting("BUNDLE"): "/opt/lab.tar"}
c.DockerSpawner.mem_limit = setting("MEMORY", "4G")
c.DockerSpawner.cpu_limit = float(setting("CPUS", "2"))
c.DockerSpawner.extra_host_config = {
    "init": True,  # reaps what the engine leaves behind
    "memswap_limit": setting("MEMORY", "4G"),  # no swap on top
    "pids_limit": int(setting("PIDS", "2000")),
    "log_config": {"type": "json-file", "config": {"max-size": "5m", "max-file": "2"}},
    **engine_of_its_own(),
}
c.DockerSpawner.extra_create_kwargs = {"stop_timeout": STOP_SECONDS}
c.DockerSpawner.remove = True  # the place is made anew each time; the volumes stay
c.DockerSpawner.notebook_dir = HOME
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.Spawner.start_timeout = START_SECONDS
c.Spawner.http_timeout = START_SECONDS

c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["culler"],
    }
]
c.JupyterHub.services = [
    {
        "name": "culler",
        "command": [
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            "--timeout=" + setting("IDLE_SECONDS", "3600"),
        ],
    }
]
