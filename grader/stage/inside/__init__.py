"""What runs in the stage's container: standard library only, and nothing of the grader."""
