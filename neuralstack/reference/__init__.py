"""The papers' equations as plain NumPy loops over one sequence: slow and literal, for the tests to compare with."""

from neuralstack.reference._deque import deque_backward as deque_backward, deque_forward as deque_forward
from neuralstack.reference._nondeterministic import nondeterministic_reads as nondeterministic_reads
from neuralstack.reference._queue import queue_backward as queue_backward, queue_forward as queue_forward
from neuralstack.reference._stack import stack_backward as stack_backward, stack_forward as stack_forward
from neuralstack.reference._superposition import (
    superposition_backward as superposition_backward,
    superposition_forward as superposition_forward,
)
