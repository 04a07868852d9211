"""One JSON object per line, for everything that this process logs."""

import json
import logging
import os
import sys
from datetime import UTC, datetime

# What every record has. Anything else on it was passed as extra.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    def format(self, record):
        extra = {key: value for key, value in vars(record).items() if key not in STANDARD}
        line = {
            **extra,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=repr)


def configure_logging():
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    level = logging.getLevelName("INFO")
    logging.basicConfig(
        handlers=[handler], level=level if isinstance(level, int) else logging.INFO, force=True
    )
