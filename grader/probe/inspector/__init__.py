"""How the grader looks inside without a shell, curl or whoami in the student's image."""
