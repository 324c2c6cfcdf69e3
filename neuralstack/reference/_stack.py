"""The neural stack of Grefenstette et al. (2015), "Learning to Transduce with Unbounded Memory", equations 1 to 3.

The symbols are the paper's, except that time counts from 0: at step t the controller emits a push strength d[t], a pop
strength u[t] and a value v[t]; the stack then holds the values V[0..t] with strengths s[t, 0..t], and r[t] is read. A
bar denotes the derivative of the loss: r_bar is that with respect to r.

Everything is float64, one sequence, loops over steps and elements: O(T^2) sums for T steps.
"""

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from neuralstack.reference._one_end import pop, pop_backward, read, read_backward


def stack_forward(
    d: ArrayLike, u: ArrayLike, v: ArrayLike
) -> tuple[Float64[np.ndarray, "T T"], Float64[np.ndarray, "T m"], Float64[np.ndarray, "T m"]]:
    """Run the stack on one sequence.

    Args:
        d: Push strengths in [0, 1], of shape [T].
        u: Pop strengths in [0, 1], of shape [T].
        v: Pushed values, of shape [T, m].

    Returns:
        The strengths s, whose row t holds those after step t; the values V (a value stays in its row, so the last V
        contains every earlier one); and the reads r.

    Examples:
        Figure 1a of the paper: three pushes, each after a larger pop.

        >>> s, V, r = stack_forward(d=[0.8, 0.5, 0.9], u=[0.0, 0.1, 0.9], v=[[1], [2], [3]])
        >>> r.round(6).ravel().tolist()
        [0.8, 1.5, 2.8]
        >>> s.round(6).tolist()
        [[0.8, 0.0, 0.0], [0.7, 0.5, 0.0], [0.3, 0.0, 0.9]]
    """
    d, u, V = (np.asarray(x, np.float64) for x in (d, u, v))  # equation 1: V_t[i] = v_i
    T = len(d)
    s, r = np.zeros((T, T)), np.zeros_like(V)
    for t in range(T):
        s[t, :t] = pop(s[t - 1, :t], u[t])  # equation 2: from the top down
        s[t, t] = d[t]
        r[t] = read(s[t, : t + 1], V[: t + 1])  # equation 3: from the top down
    return s, V, r


def stack_backward(
    d: ArrayLike, u: ArrayLike, v: ArrayLike, r_bar: ArrayLike
) -> tuple[Float64[np.ndarray, " T"], Float64[np.ndarray, " T"], Float64[np.ndarray, "T m"]]:
    """Return the derivatives of a loss with respect to d, u and v, given those with respect to every read.

    The steps are processed in reverse order; s_bar holds the derivative with respect to the strengths after step t.
    Since s[t] = d[t], that with respect to the push is d_bar[t] = s_bar[t]. `read_backward` and `pop_backward` in
    `_one_end.py` give the derivatives of a read and a pop.

    At a tie, where strengths end exactly at the edge of a pop or of the read window, the derivative with respect to the
    pop is the one towards a slightly larger pop. The derivative with respect to a push strength of exactly 0 is 0 after
    any later pop that reaches the element, even where a larger push would be read.

    Args:
        d: Push strengths in [0, 1], of shape [T].
        u: Pop strengths in [0, 1], of shape [T].
        v: Pushed values, of shape [T, m].
        r_bar: The derivative of the loss with respect to each read, of shape [T, m].

    Returns:
        d_bar, u_bar and v_bar.

    Examples:
        At the last step of Figure 1a, the pop of 0.9 removes the second element and trims the first, of which the read
        then sees 0.1. So neither a larger pop nor a stronger first push changes the read.

        >>> last = [[0], [0], [1]]
        >>> d_bar, u_bar, v_bar = stack_backward([0.8, 0.5, 0.9], [0.0, 0.1, 0.9], [[1], [2], [3]], r_bar=last)
        >>> d_bar.tolist(), u_bar.tolist()
        ([0.0, 0.0, 2.0], [0.0, 0.0, 0.0])
        >>> v_bar.round(6).ravel().tolist()
        [0.1, 0.0, 0.9]
    """
    s, V, _ = stack_forward(d, u, v)
    u, r_bar = np.asarray(u, np.float64), np.asarray(r_bar, np.float64)
    T = len(u)
    d_bar, u_bar, v_bar = np.zeros(T), np.zeros(T), np.zeros_like(V)
    s_bar = np.zeros(T)
    for t in reversed(range(T)):
        s_read, v_read = read_backward(s[t, : t + 1], V[: t + 1], r_bar[t])
        s_bar[: t + 1] += s_read
        v_bar[: t + 1] += v_read
        d_bar[t] = s_bar[t]
        s_bar[:t], u_bar[t] = pop_backward(s[t - 1, :t], u[t], s_bar[:t])
        s_bar[t] = 0
    return d_bar, u_bar, v_bar
