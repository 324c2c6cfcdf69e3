"""Exit statuses of the command line."""

WRONG, BAD_INPUT, INTERRUPTED = 1, 2, 130
BROKEN_PIPE = 141  # as of a process that SIGPIPE ends
