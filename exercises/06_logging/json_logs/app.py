"""scorer on FastAPI and uvicorn. Given: it logs, and logging_setup.py decides how that looks."""

import json
import logging
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from logging_setup import configure_logging

configure_logging()

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())
logger = logging.getLogger("scorer")


@asynccontextmanager
async def lifespan(app):
    logger.info("model loaded", extra={"model_version": MODEL["version"]})
    yield
    logger.info("scorer stopped", extra={"model_version": MODEL["version"]})


app = FastAPI(lifespan=lifespan)


class Opaque:
    """Something that json can't encode."""


def context(request: Request):
    return {
        "request_id": request.headers.get("x-request-id", "none"),
        "model_version": MODEL["version"],
    }


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/predict")
async def predict(request: Request):
    features = (await request.json())["features"]
    score = MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], features, strict=True))
    logger.debug("features %s", features, extra=context(request))
    logger.info("predicted %.3f", score, extra=context(request))
    return {"score": score}


@app.post("/odd")
async def odd(request: Request):
    values = {"opaque": Opaque(), "raw": b"\xff\x00", "names": {"a"}, "score": float("nan")}
    logger.warning("odd values", extra={**context(request), **values})
    return {"logged": True}


@app.post("/fail")
async def fail(request: Request):
    try:
        return {"score": MODEL["weights"][99]}
    except IndexError:
        logger.exception("prediction failed", extra=context(request))
        return JSONResponse({"error": "prediction failed"}, status_code=500)
