"""The C functions of the kernels on tensors: calls through ctypes, and the threads that share a batch.

Every function takes CPU tensors whose first axis is the batch, in an order of memory that `neuralstack.h` describes,
and writes some of them in place. ctypes releases Python's global lock during a call.
"""

import ctypes
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import torch
from torch import Tensor

from neuralstack import kernels

KINDS = {"stack": 0, "queue": 1, "deque": 2}
TRACKS = {"stack": 1, "queue": 1, "deque": 2}
GRAIN = 2**21
"""Numbers of values that one thread works on, at least: fewer are done sooner than another thread wakes up."""


class Batch(ctypes.Structure):
    """The kind of memory and the sizes of a batch."""

    _fields_ = (
        ("memory", ctypes.c_int32),
        ("dtype", ctypes.c_int32),
        ("sequences", ctypes.c_int64),
        ("length", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("interleaved", ctypes.c_int64),
        ("parallel_for", ctypes.c_void_p),
        ("context", ctypes.c_void_p),
    )


def why_unavailable() -> str:
    """Return why the kernels cannot be used, or ""."""
    library = kernels.load_library()
    return library if isinstance(library, str) else ""


@cache
def function(name: str, arrays: int) -> Callable[..., int]:
    """Return one of the functions that take a batch and this many arrays."""
    library = kernels.load_library()
    if isinstance(library, str):
        raise RuntimeError(f"neuralstack's C++ kernels cannot be used, since {library}.")
    found = getattr(library, f"neuralstack_{name}")
    found.argtypes = [ctypes.POINTER(Batch), *[ctypes.c_void_p] * arrays]
    library.neuralstack_message.restype = ctypes.c_char_p
    return found


def call(name: str, memory: str, values: Tensor, arrays: Sequence[Tensor], *, threads: int = 1) -> None:
    """Call a function for a batch whose values have the shape [batch, length, tracks, width].

    The batch is cut into contiguous parts, one for each thread; no number depends on how many there are.

    Raises:
        RuntimeError: If the function refuses its arguments, or there is not enough memory.
    """
    run = function(name, len(arrays))
    sequences, length, _, width = values.shape
    interleaved = 1 if values.is_contiguous() else sequences
    kind, dtype = KINDS[memory], int(values.dtype == torch.float64)
    places = [(array.data_ptr(), array.stride(0) * array.element_size()) for array in arrays]

    def work(first: int, last: int) -> int:
        batch = Batch(kind, dtype, last - first, length, width, interleaved, None, None)
        return run(ctypes.byref(batch), *[start + first * bytes_each for start, bytes_each in places])

    if threads <= 1:
        results = [work(0, sequences)]
    else:
        ends = [sequences * part // threads for part in range(threads + 1)]
        others = [pool(os.getpid()).submit(work, *part) for part in pairwise(ends[1:])]
        results = [work(0, ends[1]), *[other.result() for other in others]]
    for result in results:
        if result:
            raise RuntimeError(function_message(result))


def threads_for(values: Tensor) -> int:
    """Return how many threads are worth their start for a batch of values, up to `torch.get_num_threads()`."""
    parts = values.numel() // GRAIN
    return 1 if parts <= 1 else min(parts, len(values), torch.get_num_threads())


@cache
def pool(process: int) -> ThreadPoolExecutor:
    """Return the threads of a process; one that was forked has none of its parent's."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="neuralstack")


def function_message(result: int) -> str:
    """Return the sentence about a failure."""
    library = kernels.load_library()
    assert not isinstance(library, str)
    return f"neuralstack's C++ kernels failed: {library.neuralstack_message(result).decode()}."
