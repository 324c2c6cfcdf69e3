"""The C interface of the kernels, as other programs call it; c_interface.cc tests it without Python."""

import ctypes
from ctypes import CFUNCTYPE, c_int32, c_int64, c_void_p
from pathlib import Path

import numpy as np
import pytest

import neuralstack as ns
from neuralstack import kernels

if not kernels.are_available():
    pytest.skip("neuralstack was installed without its kernels", allow_module_level=True)

HEADER = Path(kernels.__file__).with_name("neuralstack.h")
LIBRARY = ctypes.CDLL(str(kernels.compiled_file()))
SEQUENCES, STEPS, WIDTH = 3, 20, 5
WORK = CFUNCTYPE(None, c_void_p, c_int64)
PARALLEL_FOR = CFUNCTYPE(None, c_void_p, c_int64, WORK, c_void_p)


class Batch(ctypes.Structure):
    _fields_ = (
        *((name, c_int32) for name in ("memory", "dtype")),
        *((name, c_int64) for name in ("sequences", "length", "width", "interleaved")),
        ("parallel_for", PARALLEL_FOR),
        ("context", c_void_p),
    )


def forward(batch, *arrays):
    """Return the result of the call, and the reads."""
    steps, reads = np.full(SEQUENCES, STEPS, np.int32), np.empty_like(arrays[-1])
    pointers = [array.ctypes.data_as(c_void_p) for array in (steps, *arrays, reads)]
    return LIBRARY.neuralstack_forward(ctypes.byref(batch), *pointers), reads


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("number", "memory", "tracks"), [(0, ns.NeuralStack, 1), (1, ns.NeuralQueue, 1), (2, ns.NeuralDeque, 2)]
)
def test_another_program_gets_the_reads_that_jax_gets(number, memory, tracks, dtype, float64):
    rng, shape = np.random.default_rng(0), (SEQUENCES, STEPS, tracks)
    push, pop = rng.random((2, *shape)).astype(dtype)
    values = rng.normal(size=(*shape, WIDTH)).astype(dtype)
    taken = []

    @PARALLEL_FOR
    def backwards(context, count, work, data):
        for sequence in reversed(range(count)):
            taken.append(sequence)
            work(data, sequence)

    batch = Batch(number, int(dtype is np.float64), SEQUENCES, STEPS, WIDTH, 1, backwards)
    result, reads = forward(batch, push, pop, values)
    assert (result, taken) == (0, [2, 1, 0])
    for i in range(SEQUENCES):
        ends = [ns.Action(push[i, :, k], pop[i, :, k], values[i, :, k]) for k in range(tracks)]
        wanted = ns.run(memory(WIDTH, kernel=True), ends[0] if tracks == 1 else ns.DequeAction(*ends))
        np.testing.assert_array_equal(reads[i].reshape(STEPS, -1), wanted)


@pytest.mark.parametrize(("sequences", "interleaved"), [(-1, 1), (SEQUENCES, 0), (SEQUENCES, 2**62)])
def test_a_refused_batch_is_a_result_with_a_message(sequences, interleaved):
    batch = Batch(0, 0, sequences, STEPS, WIDTH, interleaved)
    result, _ = forward(batch, *np.zeros((3, SEQUENCES, STEPS), np.float32))
    LIBRARY.neuralstack_message.restype = ctypes.c_char_p
    message = b"the sizes of a batch are negative or too large, or its groups are empty"
    assert LIBRARY.neuralstack_message(result) == message


def test_the_library_has_the_version_of_its_header():
    assert f"#define NEURALSTACK_VERSION {LIBRARY.neuralstack_version()}\n" in HEADER.read_text()
