"""scorer on FastAPI and uvicorn, with one printed line for each prediction. Given."""

import asyncio
import json
import logging
import os
from pathlib import Path

import uvicorn
from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import JSONResponse

# What is printed below says more about a request than uvicorn's own line does.
logging.getLogger("uvicorn.access").disabled = True

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())
app = FastAPI()
app.state.broken = False


@app.get("/health")
async def health():
    if app.state.broken:
        return JSONResponse({"status": "broken"}, status_code=503)
    return {"status": "ok", "model": MODEL["version"]}


@app.get("/whoami")
async def whoami():
    return {"pid": os.getpid(), "uid": os.getuid(), "gid": os.getgid()}


@app.get("/slow")
async def slow(seconds: float = 1.0):
    await asyncio.sleep(min(seconds, 10.0))
    return {"slept": seconds}


@app.post("/predict")
async def predict(request: Request, after: BackgroundTasks):
    features = (await request.json())["features"]
    score = MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], features, strict=True))
    after.add_task(print, request.headers.get("x-request-id", "-"), "predicted", score)
    return {"score": score}


@app.post("/break")
async def break_it():
    app.state.broken = True
    return {"done": "broken"}


@app.post("/repair")
async def repair():
    app.state.broken = False
    return {"done": "repaired"}


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8000)
