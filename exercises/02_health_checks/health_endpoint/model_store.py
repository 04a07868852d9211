"""Where the model comes from. Given.

    model = load()              blocks: LOAD_SECONDS (5 unless set), or until /data/arrived is there
    model.predict([1, 2, 3])    4.75, and some work for the processor
    model.is_usable()           quick: False from the moment on when /data/weights.bin is gone
"""

import hashlib
import json
import os
import time
from pathlib import Path

ARRIVED = Path("/data/arrived")
WEIGHTS = Path("/data/weights.bin")
LOAD_WORK, PREDICT_WORK = 150_000, 60_000


class ModelLost(Exception):
    """The model's weights are gone."""


class Model:
    def __init__(self, weights, bias, version):
        self.weights = weights
        self.bias = bias
        self.version = version

    def is_usable(self):
        return WEIGHTS.exists()

    def predict(self, features):
        if not self.is_usable():
            raise ModelLost(f"{WEIGHTS} is gone")
        _work(PREDICT_WORK)
        return self.bias + sum(w * x for w, x in zip(self.weights, features, strict=True))


def load():
    deadline = time.monotonic() + float(os.environ.get("LOAD_SECONDS", "5"))
    while time.monotonic() < deadline and not ARRIVED.exists():
        time.sleep(0.02)
    _work(LOAD_WORK)
    content = Path(__file__).with_name("model.json").read_text()
    WEIGHTS.write_text(content)
    return Model(**json.loads(content))


def _work(rounds):
    digest = b""
    for _ in range(rounds):
        digest = hashlib.sha256(digest).digest()
