"""The C++ core: stack, queue and DeQue, with constant work per step and per element read or removed.

It is built with the package if there is a C++ compiler, as one shared library for all versions of Python, and runs on
CPUs. Everywhere else the pure JAX forms next to the memories give the same numbers. No code above `memories` depends on
which of the two is used. Programs without JAX use the library through `neuralstack.h` in this folder.
"""

from neuralstack.kernels import strengths as strengths
from neuralstack.kernels._build import (
    are_available as are_available,
    compiled_file as compiled_file,
    warn_if_unavailable as warn_if_unavailable,
    why_unavailable as why_unavailable,
)
from neuralstack.kernels.strengths import MEMORIES as MEMORIES
