"""Optional packages: the extras of the installation."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Guard the import of optional packages: if one is missing, the error names the extra that installs it.

    Raises:
        ModuleNotFoundError: If a package is not installed.

    Examples:
        >>> with extra("plot"):
        ...     import a_package_for_plots
        Traceback (most recent call last):
        ModuleNotFoundError: a_package_for_plots is not installed: run pip install 'neuralstack[plot]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "a package").partition(".")[0]
        message = f"{missing} is not installed: run pip install 'neuralstack[{name}]'"
        raise ModuleNotFoundError(message, name=error.name) from None
