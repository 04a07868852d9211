"""Tests of the notebook side."""
