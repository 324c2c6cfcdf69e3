"""Differentiable data structures that neural networks learn to operate.

The public names are listed in `__init__.pyi`. Each is imported when it is first used, so that the command line can
print its help without waiting for JAX.
"""

import lazy_loader

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str):
    """Load a public name; `__version__` is that of the installed package."""
    if name != "__version__":
        return _load(name)
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("neuralstack")
    except PackageNotFoundError:  # a source tree that is only on the path
        return "0+unknown"
