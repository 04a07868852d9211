"""What a notebook shows when it is run, as its text promises. The errata are among the promises."""

from __future__ import annotations

from collections.abc import Mapping

PROMISES: Mapping[str, Mapping[str, str]] = {
    "01_security": {
        "root rewrites the library, another user can't": r"rewrote /usr/local/lib/python3\.11/json"
        r".*can't write /usr/local/lib/python3\.11/json",
        "erratum 10: adduser --system makes a group and no home": r"uid=\d+\(appuser\) "
        r"gid=(?!1000\()\d+.*cannot access '/home/appuser'",
        "erratum 2: a user that nobody made": r"unable to find user appuser",
        "erratum 17: no trivy among Debian's packages": r"Unable to locate package trivy",
        "a deleted file stays in its layer": r"in the container: \[\]\s+in a layer: /app/\.env",
        "erratum 14: an environment variable is no secret": r"in docker inspect\s+"
        r"API_KEY=sample-key\S* in /proc/1/environ",
        "erratum 14: external secrets need Swarm": r"\{external: true\} +→ unsupported.*"
        r"\{file: \./key\.txt\} +→ sample-key",
        "erratum 11: an added capability is root's": r"user 10001, NET_BIND_SERVICE added +"
        r"PermissionError.*root, NET_BIND_SERVICE added +port 80 is open",
    },
    "02_health_checks": {
        "an unchecked service that hangs is up": r"no answer within 1 s.*Up \d+ second",
        "failures of the start are forgiven": r"starting from 0\.0 s to [2-9].*healthy from",
        "erratum 3: there is no curl in the image": r"answered: 200\n.*curl: not found.*unhealthy",
        "erratum 3: there is no torch either": r"No module named 'torch'",
        "erratum 5: an unhealthy container isn't restarted": r"restarts: 0\n",
        "depends_on alone doesn't wait": r"the gateway: .*HTTP Error 503.*the gateway: 200",
        "erratum 9: loading in the event loop is silence": r"in the event loop:\n"
        r"(?:(?!503).)*answered: 200\nloading in a thread.*answered: 503\n.*answered: 200",
        "erratum 4: no GPU is an illness for the lesson": r"/predict answered: 200\n"
        r"GET /health +answered: 503\n.*'gpu_available': False",
        "erratum 9: on_event goes away": r"on_event is deprecated.*no longer has on_event",
    },
    "03_restart_policies": {
        "a crash is not the end": r"nobody answers.*exited, exit code 139, restarted 0 times.*"
        r"running, exit code 0, restarted 1 times",
        "erratum 6: no policy starts what was stopped": r"always +comes back +comes back +"
        r"stays down +stays down\s+unless-stopped +comes back +comes back +stays down +stays down",
        "a bound on the retries": r"then exited, restarted 3 times",
        "erratum 5: unhealthy isn't ended": r"running, unhealthy, restarted 0 times",
        "a probe that ends the process": r"running, (starting|healthy), restarted [1-9] times",
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
    "07_production_image": {
        "the code after the packages, and a change costs little": r"code first: \d+\.\d s, new: "
        r"\d+\.?\d* MB; requirements first: \d+\.\d s, new: \d+\.?\d* kB",
        "unbuffered output is seen": r"as it is: +\(nothing\)\s+PYTHONUNBUFFERED=1: loading",
        "erratum 10: the template's service can rewrite itself": r"rewritten: /app/app\.py\s+"
        r"rewritten: /home/appuser/\.local\S*/fastapi/",
    },
    "08_ci_cd": {
        "a pipe forgets what failed": r"tee report\.txt +bash -e +exit code 0: goes on.*"
        r"tee report\.txt +bash -eo pipefail +exit code 1: stops",
        "a tag is moved, an id is not": r"ANOTHER.*the same image: True",
        "erratum 16: the lesson's workflow scans nothing": r"As the lesson has it\. .*Build: went, "
        r"makes build 1, Scan: failed, Tests: left out, Push: left out",
        "erratum 16: and its tests can't run": r"With load: true\. .*Scan: went, scans build 1, "
        r"Tests: failed, Push: left out",
    },
    "06_logging": {
        "text can't be searched by request": r"does any line name the request r-2\? False",
        "a number that is none is no JSON": r'\{"score": NaN\} ← this is not JSON',
        "unbuffered output survives": r"\{\} → \(nothing\)\s+"
        r"\{'PYTHONUNBUFFERED': '1'\} → about to divide by zero",
        "erratum 8: the lesson's formatter loses lines": r"no line at all: Object of type",
        "three files bound what is kept": r"900 kB +█+ 900 kB +█+ 2\d\d kB",
        "erratum 7: labels takes keys": r"environment=production' →\s+a line.*"
        r"'service,environment' →\s+\S*service=api\S* a line",
        "logs go with their container": r"before: .*after: +No such container",
        "erratum 15: a lost collector": r"as above: +not started: .*fluentd-async: started",
        "version is obsolete": r"the attribute `version` is obsolete",
    },
}
"""By notebook: what its outputs have to show, as a pattern. The lesson's errata are among them."""
