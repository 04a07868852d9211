"""scorer on FastAPI and uvicorn: it predicts, and says how it is."""

import asyncio
import os
from contextlib import asynccontextmanager

import gpu
import model_store
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

NEEDS_GPU = os.environ.get("REQUIRE_GPU") == "1"
HAS_GPU = gpu.available()


@asynccontextmanager
async def lifespan(app):
    """Load in a thread beside the event loop, which answers /health meanwhile."""

    async def load():
        app.state.model = await asyncio.to_thread(model_store.load)

    app.state.model = None
    app.state.loading = asyncio.create_task(load())
    yield


app = FastAPI(lifespan=lifespan)


class Query(BaseModel):
    features: list[float]


@app.get("/health")
async def health():
    """Whether this instance can do its work now. It looks, and does no work for that."""
    model = app.state.model
    checks = {"model": model is not None and model.is_usable(), "gpu": HAS_GPU or not NEEDS_GPU}
    is_ready = all(checks.values())
    return JSONResponse(
        {"status": "ready" if is_ready else "not ready", "checks": checks},
        status_code=200 if is_ready else 503,
    )


@app.post("/predict")
def predict(query: Query):
    return {"score": app.state.model.predict(query.features)}
