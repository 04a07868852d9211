"""Print which GPUs this process may use, as one JSON object."""

import json
import os
import subprocess

QUERY = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
SECONDS = 10


def driver_gpus():
    """What the driver shows in this container; nothing without a working driver."""
    try:
        done = subprocess.run(QUERY, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    if done.returncode != 0:
        return []
    rows = [line.split(",") for line in done.stdout.splitlines() if line.strip()]
    return [{"index": int(index), "uuid": uuid.strip()} for index, uuid in rows]


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
    uuids = [{"uuid": gpu["uuid"]} for gpu in gpus]
    print(json.dumps({"gpus": uuids, "device": "cuda" if gpus else "cpu"}))


if __name__ == "__main__":
    main()
