"""The C++ core: stack, queue and DeQue in constant work per step and element that is read or removed.

Nothing above `memories` knows whether it is there.

It is built with the package where there is a C++ compiler, and runs on CPUs. Everywhere else the pure JAX forms beside
the memories give the same numbers.
"""

from neuralstack.kernels import strengths as strengths
from neuralstack.kernels._build import (
    are_available as are_available,
    warn_if_unavailable as warn_if_unavailable,
    why_unavailable as why_unavailable,
)
from neuralstack.kernels.strengths import MEMORIES as MEMORIES
