"""Whether the kernels were built, and their registration with XLA."""

import importlib
import warnings
from functools import cache

import jax


@cache
def is_built() -> bool:
    """Say whether the kernels are there; the first call makes them known to XLA."""
    try:
        native = importlib.import_module("neuralstack.kernels._native")
    except ImportError:
        return False
    for name, target in native.targets().items():
        jax.ffi.register_ffi_target(f"neuralstack_{name}", target, platform="cpu")
    return True


@cache
def warn_if_not_built() -> None:
    """Say, once, that the slower form runs because the kernels were not built."""
    if not is_built():
        warnings.warn(
            "neuralstack was installed without its C++ kernels: the pure JAX form runs instead and gives the same "
            "numbers, slower. Install it again with a C++ compiler to have them.",
            stacklevel=2,
        )
