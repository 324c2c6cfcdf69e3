"""Differentiable data structures that neural networks learn to operate.

The public names are listed in `__init__.pyi`. Each is imported when it is first used, so that the command line can
print its help without waiting for JAX.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
