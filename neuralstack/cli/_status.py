"""Exit statuses of the command line."""

WRONG, BAD_INPUT = 1, 2
INTERRUPTED = 130, 143  # by Ctrl-C, by SIGTERM
BROKEN_PIPE = 141  # as for a process that SIGPIPE ends
