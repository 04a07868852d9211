"""Write the service here. SPECIFICATION.md says what it has to do."""
