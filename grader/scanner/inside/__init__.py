"""The recorded scanner: put into containers as /opt/scanner, with ``trivy`` on PATH.

Standard library only. It follows trivy 0.76 in options, environment, formats and exit codes.
"""
