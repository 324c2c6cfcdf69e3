"""The compiled library of the kernels: where it is, and whether it can be used. None of this needs JAX."""

import ctypes
import importlib.util
import os
from functools import cache
from pathlib import Path

SWITCH = "NEURALSTACK_KERNELS"  # an environment variable: 0 disables the kernels, at build time and at run time
INTERFACE = 2  # the version of the C interface, as in neuralstack.h


def compiled_file() -> Path | None:
    """Return the file of the compiled library, or None; `neuralstack.h` in this folder is its interface for C."""
    # Like a compiled module, it is not beside the sources in an editable install; Python knows where it is.
    spec = importlib.util.find_spec(f"{__package__}.libneuralstack")
    return Path(spec.origin) if spec and spec.origin else None


@cache
def load_library() -> ctypes.CDLL | str:
    """Return the library, loaded into this process, or why it cannot be used."""
    if are_switched_off():
        return f"they are switched off by {SWITCH}=0"
    file = compiled_file()
    if file is None:
        return "neuralstack was installed without its C++ kernels"
    try:
        library = ctypes.CDLL(str(file))
    except OSError as error:
        return f"their library cannot be loaded ({error})"
    if library.neuralstack_version() != INTERFACE:
        return f"version {INTERFACE} of their C interface is needed, and {file} has {library.neuralstack_version()}"
    return library


def are_switched_off() -> bool:
    """Return whether the user disabled the kernels, by an environment variable."""
    return os.environ.get(SWITCH) == "0"
