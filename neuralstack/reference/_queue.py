"""The neural queue of Grefenstette et al. (2015), "Learning to Transduce with Unbounded Memory", equations 1, 4 and 5.

It is the stack (see `_stack.py` for the symbols) with one difference: pops and reads start at the front, with the
oldest element, so they go through the elements in reverse order.

Everything is float64, one sequence, loops over steps and elements: O(T^2) sums for T steps.
"""

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from neuralstack.reference._one_end import pop, pop_backward, read, read_backward


def queue_forward(
    d: ArrayLike, u: ArrayLike, v: ArrayLike
) -> tuple[Float64[np.ndarray, "T T"], Float64[np.ndarray, "T m"], Float64[np.ndarray, "T m"]]:
    """Run the queue on one sequence.

    Args:
        d: Push strengths in [0, 1], of shape [T].
        u: Pop strengths in [0, 1], of shape [T].
        v: Pushed values, of shape [T, m].

    Returns:
        The strengths s, whose row t holds those after step t; the values V; and the reads r.

    Examples:
        The strengths of the paper's Figure 1a, in a queue. The last pop, of 0.9, removes what is left of the first
        element and a part of the second.

        >>> s, V, r = queue_forward(d=[0.8, 0.5, 0.9], u=[0.0, 0.1, 0.9], v=[[1], [2], [3]])
        >>> r.round(6).ravel().tolist()
        [0.8, 1.3, 2.7]
        >>> s.round(6).tolist()
        [[0.8, 0.0, 0.0], [0.7, 0.5, 0.0], [0.0, 0.3, 0.9]]
    """
    d, u, V = (np.asarray(x, np.float64) for x in (d, u, v))  # equation 1: V_t[i] = v_i
    T = len(d)
    s, r = np.zeros((T, T)), np.zeros_like(V)
    for t in range(T):
        s[t, :t] = pop(s[t - 1, :t][::-1], u[t])[::-1]  # equation 4: from the front to the back
        s[t, t] = d[t]
        r[t] = read(s[t, : t + 1][::-1], V[: t + 1][::-1])  # equation 5: from the front to the back
    return s, V, r


def queue_backward(
    d: ArrayLike, u: ArrayLike, v: ArrayLike, r_bar: ArrayLike
) -> tuple[Float64[np.ndarray, " T"], Float64[np.ndarray, " T"], Float64[np.ndarray, "T m"]]:
    """Return the derivatives of a loss with respect to d, u and v, given those with respect to every read.

    The steps are processed in reverse order, and ties are resolved, as for the stack: see `stack_backward`.

    Args:
        d: Push strengths in [0, 1], of shape [T].
        u: Pop strengths in [0, 1], of shape [T].
        v: Pushed values, of shape [T, m].
        r_bar: The derivative of the loss with respect to each read, of shape [T, m].

    Returns:
        d_bar, u_bar and v_bar.

    Examples:
        At the last step of the example above, the read sees all that is left of the second element, worth 2, and fills
        up with the third, worth 3. Stronger earlier pushes leave more of the second; larger pops leave less.

        >>> last = [[0], [0], [1]]
        >>> d_bar, u_bar, v_bar = queue_backward([0.8, 0.5, 0.9], [0.0, 0.1, 0.9], [[1], [2], [3]], r_bar=last)
        >>> d_bar.tolist(), u_bar.tolist()
        ([-1.0, -1.0, 0.0], [0.0, 1.0, 1.0])
        >>> v_bar.round(6).ravel().tolist()
        [0.0, 0.3, 0.7]
    """
    s, V, _ = queue_forward(d, u, v)
    u, r_bar = np.asarray(u, np.float64), np.asarray(r_bar, np.float64)
    T = len(u)
    d_bar, u_bar, v_bar = np.zeros(T), np.zeros(T), np.zeros_like(V)
    s_bar = np.zeros(T)
    for t in reversed(range(T)):
        s_read, v_read = read_backward(s[t, : t + 1][::-1], V[: t + 1][::-1], r_bar[t])
        s_bar[: t + 1] += s_read[::-1]
        v_bar[: t + 1] += v_read[::-1]
        d_bar[t] = s_bar[t]
        s_old, u_bar[t] = pop_backward(s[t - 1, :t][::-1], u[t], s_bar[:t][::-1])
        s_bar[:t], s_bar[t] = s_old[::-1], 0
    return d_bar, u_bar, v_bar
