"""What is asked: the exercises as their manifests declare them, what their checks say of
themselves, which values are drawn anew, and where the project's folders lie.

It must not know who answers, how an answer is built or run, or what became of it.
"""

__all__ = ["canary", "catalog", "checkspec", "project"]
