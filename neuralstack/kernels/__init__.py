"""The C++ core: stack, queue and DeQue, with constant work per step and per element read or removed.

It is built with the package if there is a C++ compiler, as one shared library for all versions of Python, and runs on
CPUs. Everywhere else the pure JAX forms next to the memories give the same numbers, and so does plain PyTorch in
`neuralstack.torch`. No code above depends on which of the two is used. Programs in other languages use the library
through `neuralstack.h` in this folder.

The names are listed in `__init__.pyi` and imported when they are first used: PyTorch needs the library without JAX.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
