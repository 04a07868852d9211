import asyncio
import json
import os
import pathlib
import sys

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from logging_setup import configure_logging

configure_logging()
log = structlog.get_logger("scorer")
KEY_FILE = pathlib.Path("/run/secrets/api_key")
if not KEY_FILE.exists():
    log.critical("no key")
    sys.exit(2)

HERE = pathlib.Path(__file__).parent
app = FastAPI(openapi_url=None)
try:
    model = json.loads(pathlib.Path(os.environ.get("MODEL_PATH", HERE / "model.json")).read_text())
except OSError:
    log.exception("no model")
    model = {}


@app.get("/health")
async def health():
    return JSONResponse({"ready": bool(model)}, 200 if model else 503)


@app.get("/slow")
async def slow(seconds: float):
    await asyncio.sleep(seconds)
    return seconds


@app.post("/predict")
async def predict(request: Request):
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if (scheme, shown) != ("Bearer", KEY_FILE.read_text().strip()):
        return JSONResponse({"error": "key"}, 401)
    try:
        features = (await request.json())["features"]
        pairs = zip(model["weights"], features, strict=True)
        score = model["bias"] + sum(w * x for w, x in pairs)
    except (KeyError, TypeError, ValueError):
        return JSONResponse({"error": "features"}, 422)
    bound = log.bind(request_id=request.headers.get("x-request-id"))
    bound.info("predicted", model_version=model["version"], score=score)
    return {"score": score}
