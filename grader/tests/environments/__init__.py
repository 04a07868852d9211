"""Other machines than this one: the course on engines that continuous integration can't start.

``./lab test --environment NAME`` makes the environment (as root, on Debian; gigabytes and minutes
the first time), grades the course in it and adds a row to ``docs/environments.md``. What is made
is kept in ``.drydock/environments`` and used again.
"""
