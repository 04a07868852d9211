"""JSON logs with python-json-logger."""

import datetime
import logging.config
import math
import os

from pythonjsonlogger.json import JsonFormatter


class Formatter(JsonFormatter):
    def process_log_record(self, log_record):
        return {key: self.safe(value) for key, value in log_record.items()}

    def safe(self, value):
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)

    def formatTime(self, record, datefmt=None):
        return datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc).isoformat()


def configure_logging():
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": Formatter,
                    "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
                    "rename_fields": {"asctime": "timestamp", "levelname": "level", "name": "logger"},
                }
            },
            "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["err"], "level": os.environ.get("LOG_LEVEL", "info").upper()},
            "loggers": {
                name: {"handlers": [], "propagate": True, "level": "NOTSET"}
                for name in ("uvicorn", "uvicorn.error", "uvicorn.access")
            },
        }
    )
