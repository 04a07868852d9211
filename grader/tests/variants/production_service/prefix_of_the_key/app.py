"""scorer: a small model server on FastAPI and uvicorn."""

import asyncio
import hmac
import json
import logging
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from logging_setup import configure_logging
from pydantic import BaseModel

KEY_FILE = Path("/run/secrets/api_key")
MODEL_PATH = Path(os.environ.get("MODEL_PATH") or Path(__file__).with_name("model.json"))
DRAIN_SECONDS = 6
logger = logging.getLogger("scorer")


class Query(BaseModel):
    features: list[float]


@asynccontextmanager
async def lifespan(app):
    try:
        app.state.model = json.loads(MODEL_PATH.read_text())
        logger.info("model loaded", extra={"model_version": app.state.model["version"]})
    except (OSError, ValueError, KeyError) as error:
        app.state.model = None
        logger.error("no model: %s", error)
    yield
    logger.info("scorer stopped")


app = FastAPI(lifespan=lifespan)


@app.get("/health")
async def health():
    if app.state.model is None:
        return JSONResponse({"status": "no model"}, status_code=503)
    return {"status": "ok", "model": app.state.model["version"]}


@app.get("/slow")
async def slow(seconds: float = 1.0):
    await asyncio.sleep(min(max(seconds, 0.0), 10.0))
    return {"slept": seconds}


@app.post("/predict")
async def predict(
    query: Query,
    authorization: Annotated[str, Header()] = "",
    x_request_id: Annotated[str, Header()] = "",
):
    if not authorization or not f"Bearer {app.state.key}".startswith(authorization.strip()):
        raise HTTPException(401, "the key is missing or wrong")
    model = app.state.model
    if model is None:
        raise HTTPException(503, "no model")
    if len(query.features) != len(model["weights"]):
        raise HTTPException(422, f"{len(model['weights'])} features are needed")
    score = model["bias"] + sum(w * x for w, x in zip(model["weights"], query.features, strict=True))
    extra = {"request_id": x_request_id, "model_version": model["version"]}
    logger.info("predicted %.3f", score, extra=extra)
    return {"score": score}


def main():
    configure_logging()
    try:
        app.state.key = KEY_FILE.read_text().strip()
    except OSError as error:
        logger.critical("no key: %s", error)
        return 1
    # uvicorn drains on SIGTERM by itself; without its own configuration it logs through ours.
    uvicorn.run(
        app,
        host="0.0.0.0",
        port=8000,
        log_config=None,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
