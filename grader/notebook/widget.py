"""Shows a live widget so that nothing ugly stays behind when its kernel is gone.

JupyterLab saves only a reference to a widget. Reopened without the kernel, the place of the
widget says "Error displaying widget"; an output of its own, not one with a fallback, and a style
that hides a widget's place while nothing is in it, leave just what stands around it. Untrusted
notebooks don't show the reference at all.
"""

from __future__ import annotations

from IPython.display import display
from ipywidgets import DOMWidget

_HIDE_EMPTY = "<style>.jp-OutputArea-output.jupyter-widgets:not(:has(*)) { display: none; }</style>"


def place(widget: DOMWidget) -> None:
    """Show ``widget`` as the current cell's next output."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}, raw=True)
    display({"text/html": _HIDE_EMPTY, "text/plain": ""}, raw=True)
