"""The stack of Joulin & Mikolov (2015), "Inferring Algorithmic Patterns with Stack-Augmented Recurrent Nets".

Equations 4 and 5, with the third action, no-op, that the paper adds to them. One stack: at step t the controller emits
the weights of three actions, a[t] = (push, pop, no-op), and a value v[t]. The new stack is the mean, cell by cell, of
the stacks that result from the three actions, weighted by a[t]: a superposition of ordinary stacks. A bar denotes the
derivative of the loss: v_bar is that with respect to v.

Cell 0 is the top. A push or a pop moves all cells:

    push:   cell i takes the value of cell i-1, cell 0 that of v
    pop:    cell i takes the value of cell i+1
    no-op:  cell i keeps its value

The value `empty` stands for "nothing here". All cells hold it at the start, and a pop moves it into the last cell.

Everything is float64, one sequence, loops over steps and cells: O(T depth) sums for T steps.
"""

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike


def superposition_forward(
    a: ArrayLike, v: ArrayLike, depth: int | None = None, empty: float = -1.0
) -> Float64[np.ndarray, "T depth m"]:
    """Run the stack on one sequence.

    Args:
        a: The weights of push, pop and no-op, each in [0, 1] and of sum 1 at every step, of shape [T, 3].
        v: Pushed values, of shape [T, m].
        depth: The number of cells. Values pushed down from the last one are lost; with T cells, the default, none are.
        empty: The value of a cell that holds nothing.

    Returns:
        The cells after each step.

    Examples:
        Push 1; push 3 with weight 0.5; pop. The new top is half the 1 that was pushed down and half nothing.

        >>> cells = superposition_forward(a=[[1, 0, 0], [0.5, 0, 0.5], [0, 1, 0]], v=[[1], [3], [5]])
        >>> cells[:, :, 0].tolist()
        [[1.0, -1.0, -1.0], [2.0, 0.0, -1.0], [0.0, -1.0, -1.0]]
    """
    a, v = np.asarray(a, np.float64), np.asarray(v, np.float64)
    T, m = v.shape
    depth = len(v) if depth is None else depth
    cells = np.zeros((T, depth, m))
    before = np.full((depth, m), empty)
    for t in range(T):
        push, pop, noop = a[t]
        line = np.stack([v[t], *before, np.full(m, empty)])  # cell i was line[i + 1]
        for i in range(depth):
            cells[t, i] = push * line[i] + pop * line[i + 2] + noop * line[i + 1]
        before = cells[t]
    return cells


def superposition_backward(
    a: ArrayLike, v: ArrayLike, cells_bar: ArrayLike, empty: float = -1.0
) -> tuple[Float64[np.ndarray, "T 3"], Float64[np.ndarray, "T m"]]:
    """Return the derivatives of a loss with respect to a and v, given those with respect to the cells after each step.

    The steps are processed in reverse order. A new cell is a sum of three products of a weight and an old value. So the
    derivative with respect to a weight is the sum, over all cells, of the derivative with respect to the cell times the
    old value that has this weight in it; and the derivative with respect to an old value is the sum, over the (up to)
    three cells that contain it, of the derivative with respect to the cell times the weight of the old value in it.

    The three weights are treated as independent: that they sum to 1 must be accounted for where they are computed.

    Args:
        a: The weights of push, pop and no-op, of shape [T, 3].
        v: Pushed values, of shape [T, m].
        cells_bar: The derivative of the loss with respect to the cells after each step, of shape [T, depth, m].
        empty: The value of a cell that holds nothing.

    Returns:
        a_bar and v_bar.

    Examples:
        The top after the last step of the example above is half the first value and half nothing: 0. It is the result
        of a pop; a push would have given 5, and a no-op 2.

        >>> top_at_last = [[[0], [0], [0]], [[0], [0], [0]], [[1], [0], [0]]]
        >>> a, v = [[1, 0, 0], [0.5, 0, 0.5], [0, 1, 0]], [[1], [3], [5]]
        >>> a_bar, v_bar = superposition_backward(a, v, top_at_last)
        >>> a_bar[2].tolist(), v_bar.ravel().tolist()
        ([5.0, 0.0, 2.0], [0.5, 0.0, 0.0])
    """
    a, v, cells_bar = (np.asarray(x, np.float64) for x in (a, v, cells_bar))
    T, depth, m = cells_bar.shape
    cells = superposition_forward(a, v, depth, empty)
    a_bar, v_bar = np.zeros_like(a), np.zeros_like(v)
    later_bar = np.zeros((depth, m))  # with respect to the cells, through later steps
    for t in reversed(range(T)):
        push, pop, noop = a[t]
        before = cells[t - 1] if t else np.full((depth, m), empty)
        line = np.stack([v[t], *before, np.full(m, empty)])
        line_bar = np.zeros_like(line)
        for i in range(depth):
            cell_bar = cells_bar[t, i] + later_bar[i]
            a_bar[t] += [cell_bar @ line[i], cell_bar @ line[i + 2], cell_bar @ line[i + 1]]
            line_bar[i] += push * cell_bar
            line_bar[i + 2] += pop * cell_bar
            line_bar[i + 1] += noop * cell_bar
        v_bar[t], later_bar = line_bar[0], line_bar[1:-1]
    return a_bar, v_bar
