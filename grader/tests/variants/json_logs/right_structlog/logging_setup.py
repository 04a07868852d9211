"""JSON logs with structlog around the standard library."""

import json
import logging
import os
import sys

import structlog


def strict(value, **_):
    def plain(item):
        if isinstance(item, dict):
            return {str(k): plain(v) for k, v in item.items()}
        try:
            json.dumps(item, allow_nan=False)
            return item
        except (TypeError, ValueError):
            return repr(item)

    return json.dumps(plain(value))


def configure_logging():
    before = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
    ]
    after = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(serializer=strict),
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=after)
    )
    logging.basicConfig(
        handlers=[handler], level=os.environ.get("LOG_LEVEL", "INFO").upper(), force=True
    )
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(logging.NOTSET)
