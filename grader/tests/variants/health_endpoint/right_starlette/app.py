import os
import threading

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

import gpu
import model_store

loaded = {}


def load():
    loaded["model"] = model_store.load()


def is_usable():
    return "model" in loaded and loaded["model"].is_usable()


def health(request):
    required = os.environ.get("REQUIRE_GPU", "0") == "1"
    found = gpu.available()
    ready = is_usable() and (found or not required)
    content = {
        "status": "ok" if ready else "unavailable",
        "checks": {
            "model": {"ok": is_usable()},
            "gpu": {"ok": found or not required, "required": required, "found": found},
        },
        "version": "1.0",
    }
    return JSONResponse(content, 200 if ready else 503, {"Cache-Control": "no-store"})


async def predict(request):
    features = (await request.json())["features"]
    if not is_usable():
        return JSONResponse({"error": "no model"}, 503)
    return JSONResponse({"score": loaded["model"].predict(features)})


app = Starlette(routes=[Route("/health", health), Route("/predict", predict, methods=["POST"])])
threading.Thread(target=load, daemon=True).start()

if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8000)
