"""scorer on FastAPI and uvicorn: it scores batches and saves them."""

import asyncio
import json
import signal
import time
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel

from database import connect

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())
# Seconds for what is in flight: a batch takes 1.5, and docker stop kills after five.
DRAIN_SECONDS = 2


@asynccontextmanager
async def lifespan(app):
    """What comes after the yield runs when the last request is over, or its time is."""
    app.state.database = connect()
    yield
    app.state.database.close()


app = FastAPI(lifespan=lifespan)


active = 0


@app.middleware("http")
async def count(request, call_next):
    global active
    active += 1
    try:
        return await call_next(request)
    finally:
        active -= 1


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


async def main():
    server = uvicorn.Server(
        uvicorn.Config(app, host="0.0.0.0", port=8000, timeout_graceful_shutdown=1)
    )
    # In place of uvicorn's own handling of signals, which goes with serve().
    serving = asyncio.create_task(server._serve())
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()
    latest = time.monotonic() + DRAIN_SECONDS
    while active and time.monotonic() < latest:
        await asyncio.sleep(0.05)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main())
