"""What a notebook shows when it is run, as its text promises. The errata are among the promises."""

from __future__ import annotations

from collections.abc import Mapping

PROMISES: Mapping[str, Mapping[str, str]] = {
    "02_health_checks": {
        "an unchecked service that hangs is up": r"no answer within 1 s.*Up \d+ second",
        "failures of the start are forgiven": r"starting from 0\.0 s to [2-9].*healthy from",
        "erratum 3: there is no curl in the image": r"answered: 200\n.*curl: not found.*unhealthy",
        "erratum 5: an unhealthy container isn't restarted": r"restarts: 0\n",
        "depends_on alone doesn't wait": r"the gateway: .*HTTP Error 503.*the gateway: 200",
        "erratum 9: loading in the event loop is silence": r"in the event loop:\n"
        r"(?:(?!503).)*answered: 200\nloading in a thread.*answered: 503\n.*answered: 200",
        "erratum 4: no GPU is an illness for the lesson": r"/predict answered: 200\n"
        r"GET /health +answered: 503\n.*'gpu_available': False",
        "erratum 9: on_event goes away": r"on_event is deprecated.*no longer has on_event",
    },
    "04_graceful_shutdown": {
        "too short a grace period loses the batch": r"SIGKILL at 1\.\d s.*137.*connection lost",
        "exec form hears the signal": r"SIGTERM: finishing.*exit code 0; GET /slow.*answered: 200",
        "an init hides a deaf service": r"exit code 143; GET /slow.*connection lost",
        "erratum 1: the handler comes last": r"closing the database\nown handler: waiting",
        "erratum 1: the handler waits for itself": r"own handler: waiting\n+Stopping the "
        r"container\. .*SIGKILL at 5\.\d s; .*137; GET /slow.*connection lost",
        "erratum 2: a user that nobody made": r"unable to find user appuser",
    },
    "05_resource_limits": {
        "the limit ends the leak": r"restarts: +1\n.*out of memory, exit code 137",
        "a limit alone allows swap": r"Memory: +256 MiB\nMemorySwap: +512 MiB",
        "erratum 12: 1024 is the default weight": r"other 1024: +(4[5-9]|5[0-5])%|version: 2",
        "erratum 12: reservations.cpus is ignored": r"reservations\.cpus +nothing anywhere",
        "erratum 13: no word about a GPU's memory": r'"Count":-1,.*"Options":\{\}',
    },
}
"""By notebook: what its outputs have to show, as a pattern. The lesson's errata are among them."""
