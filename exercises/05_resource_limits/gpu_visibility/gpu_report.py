"""Print which GPUs this process may use, as one JSON object."""

import json
import subprocess

shown = subprocess.run(
    ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"],
    check=True,
    capture_output=True,
    text=True,
).stdout

gpus = []
for line in shown.splitlines():
    index, uuid = line.split(", ")
    gpus.append({"index": int(index), "uuid": uuid})

print(json.dumps({"gpus": gpus, "device": "cuda"}))
