"""scorer on FastAPI and uvicorn: it scores batches and saves them."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from database import connect

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())
# A batch takes 1.5 seconds, and docker stop kills after five.
REQUEST_SECONDS = 2


@asynccontextmanager
async def lifespan(app):
    """What comes after the yield runs when the last request is over, or its time is."""
    app.state.database = connect()
    yield
    app.state.database.close()


app = FastAPI(lifespan=lifespan)


@app.middleware("http")
async def limit(request, call_next):
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            return await call_next(request)
    except TimeoutError:
        return JSONResponse({"detail": "too slow"}, 504, {"Connection": "close"})


class Batch(BaseModel):
    id: str
    rows: list[list[float]]


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/batch")
async def batch(batch: Batch, request: Request):
    scores = [score(row) for row in batch.rows]
    await request.app.state.database.save(batch.id, scores)
    return {"id": batch.id, "scores": scores}


def score(row):
    return MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], row, strict=True))


if __name__ == "__main__":
    # uvicorn handles SIGTERM itself: it closes the port and waits for the requests in flight.
    uvicorn.run(app, host="0.0.0.0", port=8000)
