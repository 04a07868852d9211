"""Logging, and the configuration of gunicorn, which logs the same way."""

import logging.config
import os

bind = "0.0.0.0:8000"
workers = 1
threads = 4
graceful_timeout = 6
worker_tmp_dir = "/tmp"
accesslog = "-"

LEVEL = os.environ.get("LOG_LEVEL", "info").upper()
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(levelname)s %(name)s %(message)s",
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": True,
        }
    },
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": LEVEL, "handlers": ["out"]},
    "loggers": {
        "gunicorn.error": {"level": LEVEL, "handlers": [], "propagate": True},
        "gunicorn.access": {"level": LEVEL, "handlers": [], "propagate": True},
    },
}


def configure_logging():
    logging.config.dictConfig(logconfig_dict)
