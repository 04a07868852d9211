"""scorer on FastAPI and uvicorn: it scores batches and saves them."""

import json
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
    database = app.state.database
    with open("/data/scores.journal", "a") as journal:
        for row in database.rows:
            journal.write(f"{database.session} saved {row}\n")
        journal.write(f"{database.session} closed {len(database.rows)} ok\n")


app = FastAPI(lifespan=lifespan)


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
    uvicorn.run(app, host="0.0.0.0", port=8000, timeout_graceful_shutdown=DRAIN_SECONDS)
