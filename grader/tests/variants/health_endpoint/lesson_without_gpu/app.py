"""scorer on FastAPI and uvicorn: it predicts, and says how it is."""

import model_store
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()
model = None


class Query(BaseModel):
    features: list[float]


@app.on_event("startup")
async def load_model():
    global model
    model = model_store.load()


@app.get("/health")
async def health():
    checks = {"model": model is not None}
    if not all(checks.values()):
        raise HTTPException(status_code=503, detail=checks)
    return {"status": "healthy", "checks": checks}


@app.post("/predict")
def predict(query: Query):
    if model is None:
        raise HTTPException(status_code=503, detail="no model")
    return {"score": model.predict(query.features)}
