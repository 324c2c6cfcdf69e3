"""The papers' equations as plain loops in NumPy: slow, literal, for one sequence; what the tests compare with."""

from neuralstack.reference._stack import stack_backward as stack_backward, stack_forward as stack_forward
