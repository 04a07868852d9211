import json
import logging
import os
import time
from pathlib import Path

from flask import Flask, abort, request
from logging_setup import configure_logging

configure_logging()
KEY = Path("/run/secrets/api_key").read_text().strip()
MODEL = json.loads(Path(os.environ.get("MODEL_PATH", "/app/model.json")).read_text())
app = Flask(__name__)


@app.get("/health")
def health():
    return {"status": "ok"}


@app.get("/slow")
def slow():
    time.sleep(min(float(request.args.get("seconds", 1)), 10))
    return {"done": True}


@app.post("/predict")
def predict():
    if request.headers.get("Authorization") != f"Bearer {KEY}":
        abort(401)
    try:
        features = request.get_json(force=True, silent=True)["features"]
        score = MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], features, strict=True))
    except (TypeError, ValueError, KeyError):
        abort(422)
    app.logger.info(
        "predicted",
        extra={"request_id": request.headers.get("X-Request-Id"), "model_version": MODEL["version"]},
    )
    return {"score": score}
