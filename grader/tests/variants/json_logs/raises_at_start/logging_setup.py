"""Set-up that fails."""


def configure_logging():
    raise RuntimeError("no handler is called console")
