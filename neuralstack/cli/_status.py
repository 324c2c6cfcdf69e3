"""Exit statuses of the command line."""

WRONG, BAD_INPUT = 1, 2
BROKEN_PIPE = 141  # as of a process that SIGPIPE ends
