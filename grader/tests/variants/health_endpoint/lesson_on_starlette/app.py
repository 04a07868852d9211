from starlette.applications import Starlette
from starlette.responses import JSONResponse

import model_store

app = Starlette()
model = None


@app.on_event("startup")
async def load_model():
    global model
    model = model_store.load()


async def health(request):
    return JSONResponse({"status": "healthy", "checks": {"model": model is not None}})


app.add_route("/health", health)
