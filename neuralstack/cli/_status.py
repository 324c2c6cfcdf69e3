"""What the command line exits with."""

WRONG, BAD_INPUT, INTERRUPTED = 1, 2, 130
