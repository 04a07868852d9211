import json, os, re, shutil, subprocess, sys

found = []
if shutil.which("nvidia-smi"):
    result = subprocess.run(["nvidia-smi", "-L"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode == 0:
        found = re.findall(r"GPU (\d+): .*UUID: (\S+)\)", result.stdout.decode())
wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
if wanted is not None:
    known = {**dict(found), **{uuid: uuid for _, uuid in found}}
    kept = []
    for name in wanted.split(","):
        if name not in known:
            break
        kept.append(known[name])
    found = [pair for uuid in kept for pair in found if pair[1] == uuid]
json.dump({"device": "cuda" if found else "cpu", "gpus": [{"index": int(i), "uuid": u} for i, u in found]}, sys.stdout, indent=2)
