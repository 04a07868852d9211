"""scorer on FastAPI and uvicorn: it scores batches and saves them."""

import json
import signal
import sys
import time
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from database import connect

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())
database = connect()
active = 0


def stop(number, frame):
    print(f"signal {number}: waiting for {active} requests", flush=True)
    waited = 0
    while active > 0 and waited < 30:
        time.sleep(1)
        waited += 1
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)

app = FastAPI()


class Batch(BaseModel):
    id: str
    rows: list[list[float]]


@app.middleware("http")
async def count(request, call_next):
    global active
    active += 1
    try:
        return await call_next(request)
    finally:
        active -= 1


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/batch")
async def batch(batch: Batch):
    scores = [score(row) for row in batch.rows]
    await database.save(batch.id, scores)
    return {"id": batch.id, "scores": scores}


def score(row):
    return MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], row, strict=True))


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8000)
