"""Print which GPUs this process may use, as one JSON object."""

import csv
import json
import os
import subprocess
import sys

QUERY = ["nvidia-smi", "--query-gpu=gpu_uuid,memory.total,index", "--format=csv"]
SECONDS = 10


def driver_gpus():
    """What the driver shows in this container; nothing without a working driver."""
    try:
        done = subprocess.run(QUERY, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    if done.returncode != 0:
        print("{no working driver}", file=sys.stderr)
        return []
    rows = csv.DictReader(done.stdout.splitlines(), skipinitialspace=True)
    return [{"index": int(row["index"]), "uuid": row["uuid"]} for row in rows]


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
    print(json.dumps({"gpus": gpus, "device": "cuda" if gpus else "cpu"}, indent=4))


if __name__ == "__main__":
    main()
