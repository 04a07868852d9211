"""Print which GPUs this process may use, as one JSON object."""

import json
import os
import subprocess
from xml.etree import ElementTree

SECONDS = 10


def driver_gpus():
    """What the log says, as XML."""
    try:
        log = subprocess.check_output(["nvidia-smi", "-q", "-x"], timeout=SECONDS)
    except (OSError, subprocess.SubprocessError):
        return []
    found = ElementTree.fromstring(log).iter("gpu")
    return [{"index": n, "uuid": gpu.findtext("uuid")} for n, gpu in enumerate(found)]


def visible(gpus, wanted):
    """CUDA's own rule: in the order that is asked for, up to the first that isn't valid."""
    if wanted is None:
        return gpus
    chosen = []
    for name in (word.strip() for word in wanted.split(",")):
        if name.isdigit():
            found = [gpu for gpu in gpus if gpu["index"] == int(name)]
        else:
            found = [gpu for gpu in gpus if name and gpu["uuid"].startswith(name)]
        if len(found) != 1:
            break
        chosen += found
    return chosen


def main():
    gpus = visible(driver_gpus(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    print(json.dumps({"gpus": gpus, "device": "cuda" if gpus else "cpu"}))


if __name__ == "__main__":
    main()
