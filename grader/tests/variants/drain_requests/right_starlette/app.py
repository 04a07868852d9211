"""scorer on Starlette."""

import contextlib
import json
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

import database

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())


async def health(request):
    return JSONResponse({"status": "ok"})


async def batch(request):
    asked = await request.json()
    scores = [
        MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], row)) for row in asked["rows"]
    ]
    await request.state.scores.save(asked["id"], scores)
    return JSONResponse({"id": asked["id"], "scores": scores})


@contextlib.asynccontextmanager
async def lifespan(app):
    with contextlib.closing(database.connect()) as scores:
        yield {"scores": scores}


app = Starlette(
    routes=[Route("/health", health), Route("/batch", batch, methods=["POST"])], lifespan=lifespan
)

if __name__ == "__main__":
    config = uvicorn.Config(
        app, host="0.0.0.0", port=8000, timeout_graceful_shutdown=3, timeout_keep_alive=30
    )
    uvicorn.Server(config).run()
