"""Whether JAX can use the kernels, and their registration with XLA."""

import re
import warnings
from functools import cache
from pathlib import Path

import jax

from neuralstack.kernels._library import are_switched_off, load_library
from neuralstack.kernels.strengths import MEMORIES, PASSES

Version = tuple[int, int]


def offered_version(header: str) -> Version | None:
    """Return the version of XLA's foreign function interface from the text of its header `c_api.h`.

    Examples:
        >>> offered_version("#define XLA_FFI_API_MAJOR 0 ... #define XLA_FFI_API_MINOR 3")
        (0, 3)
    """
    matches = [re.search(rf"#define XLA_FFI_API_{level} (\d+)", header) for level in ("MAJOR", "MINOR")]
    major, minor = (int(number[1]) if number else -1 for number in matches)
    return (major, minor) if min(major, minor) >= 0 else None


def mismatch(compiled: Version, offered: Version | None) -> str:
    """Return why kernels compiled for one version of the interface cannot run where another is offered, or "".

    XLA accepts kernels of its own version and of older ones. Registering those of a newer version would crash its CPU
    backend, and JAX with it.

    Examples:
        >>> mismatch((0, 2), (0, 3))
        ''
        >>> mismatch((0, 4), (0, 3))
        'they were built for version 0.4 of the interface of XLA, and the installed jaxlib offers 0.3'
    """
    if offered is not None and compiled[0] == offered[0] and compiled[1] <= offered[1]:
        return ""
    built, here = (".".join(map(str, version)) if version else "an unknown one" for version in (compiled, offered))
    return f"they were built for version {built} of the interface of XLA, and the installed jaxlib offers {here}"


def read_header() -> str:
    """Return the text of the header that the installed jaxlib ships, or "" if there is none."""
    try:
        return (Path(jax.ffi.include_dir()) / "xla" / "ffi" / "api" / "c_api.h").read_text()
    except OSError:
        return ""


@cache
def why_unavailable() -> str:
    """Return why the kernels cannot be used, or ""; if they can, the first call registers them with XLA."""
    library = load_library()
    if isinstance(library, str):
        return library
    compiled = library.neuralstack_xla_major(), library.neuralstack_xla_minor()
    if reason := mismatch(compiled, offered_version(read_header())):
        return reason
    for name in ("blank", *(f"{memory}_{work}" for memory in MEMORIES for work in PASSES)):
        handler = jax.ffi.pycapsule(getattr(library, f"neuralstack_xla_{name}"))
        jax.ffi.register_ffi_target(f"neuralstack_{name}", handler, platform="cpu")
    return ""


def are_available() -> bool:
    """Return whether the kernels can be used in this process."""
    return not why_unavailable()


@cache
def warn_if_unavailable() -> None:
    """Warn once that the slower form is used, unless the user disabled the kernels."""
    if why_unavailable() and not are_switched_off():
        warnings.warn(
            f"the C++ kernels cannot be used, since {why_unavailable()}: the pure JAX form runs instead and gives the "
            "same numbers, slower. Install neuralstack again with a C++ compiler to have them.",
            stacklevel=2,
        )
