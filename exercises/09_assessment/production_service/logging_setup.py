"""Write configure_logging() here."""
