import json
print(json.dumps({"gpus": [{"index": 0, "uuid": "GPU-1234"}], "device": "cuda"}))
