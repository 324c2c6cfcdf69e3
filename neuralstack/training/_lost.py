"""The error for a process of a training that is missing or has ended."""


class LostProcessError(RuntimeError):
    """Another process of a training did not come, or has ended."""
