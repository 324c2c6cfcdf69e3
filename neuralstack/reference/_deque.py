"""The neural DeQue of Grefenstette et al. (2015), "Learning to Transduce with Unbounded Memory", equations 6 to 11.

The symbols are the paper's, except that time counts from 0: at step t the controller emits, for the top and for the
bottom, a push strength d[t], a pop strength u[t] and a value v[t]. Within a step the order is: pop the top, pop the
bottom, push at both ends, read both ends. A bar denotes the derivative of the loss: r_top_bar is that with respect to
r_top.

Each step adds one element at each end. The 2T elements of a sequence are stored in this order, from bottom to top:

    v_bot[T-1], ..., v_bot[1], v_bot[0], v_top[0], v_top[1], ..., v_top[T-1]

so step t pushes the rows T-1-t and T+t of V, outside those of earlier steps, and an element stays in its row. (In the
paper the current lowest element has the index 1, and every index grows by one with each step: its V_t are the rows
T-1-t to T+t here.)

Seen from the top, a DeQue is a stack; seen from the bottom, in reverse order, it is one too. So each end pops and reads
as in `_one_end.py`.

Everything is float64, one sequence, loops over steps and elements: O(T^2) sums for T steps.
"""

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from neuralstack.reference._one_end import pop, pop_backward, read, read_backward

Strengths = Float64[np.ndarray, " T"]
Values = Float64[np.ndarray, "T m"]
EndGradients = tuple[Strengths, Strengths, Values]
"""Derivatives with respect to the pushes, the pops and the values at one end."""


def deque_forward(
    d_top: ArrayLike, u_top: ArrayLike, v_top: ArrayLike, d_bot: ArrayLike, u_bot: ArrayLike, v_bot: ArrayLike
) -> tuple[Float64[np.ndarray, "T 2*T"], Float64[np.ndarray, "2*T m"], Values, Values]:
    """Run the DeQue on one sequence.

    Args:
        d_top: Push strengths at the top in [0, 1], of shape [T].
        u_top: Pop strengths at the top in [0, 1], of shape [T].
        v_top: Values pushed on top, of shape [T, m].
        d_bot: Push strengths at the bottom in [0, 1], of shape [T].
        u_bot: Pop strengths at the bottom in [0, 1], of shape [T].
        v_bot: Values pushed at the bottom, of shape [T, m].

    Returns:
        The strengths s, whose row t holds those after step t; the values V; and the reads at the top, r_top, and at
        the bottom, r_bot. Columns of s and rows of V go from bottom to top, in the order given above.

    Examples:
        The first step pushes two halves, and both reads see both of them. The second trims them to 0.4 and 0.3 and
        pushes 0.4 on top; now each read misses 0.1 at the other end.

        >>> top, bottom = ([0.5, 0.4], [0.0, 0.2], [[1], [2]]), ([0.5, 0.0], [0.0, 0.1], [[10], [20]])
        >>> s, V, r_top, r_bot = deque_forward(*top, *bottom)
        >>> V.ravel().tolist()
        [20.0, 10.0, 1.0, 2.0]
        >>> s.round(6).tolist()
        [[0.0, 0.5, 0.5, 0.0], [0.0, 0.4, 0.3, 0.4]]
        >>> r_top.round(6).ravel().tolist(), r_bot.round(6).ravel().tolist()
        ([5.5, 4.1], [5.5, 4.9])
    """
    d_top, u_top, v_top = (np.asarray(x, np.float64) for x in (d_top, u_top, v_top))
    d_bot, u_bot, v_bot = (np.asarray(x, np.float64) for x in (d_bot, u_bot, v_bot))
    T = len(d_top)
    V = np.concatenate([v_bot[::-1], v_top])  # equation 6
    s, r_top, r_bot = np.zeros((T, 2 * T)), np.zeros_like(v_top), np.zeros_like(v_bot)
    for t in range(T):
        old = slice(T - t, T + t)  # pushed by earlier steps
        s_top = pop(s[t - 1, old], u_top[t])  # equation 7
        s[t, old] = pop(s_top[::-1], u_bot[t])[::-1]  # equation 8
        s[t, T - 1 - t], s[t, T + t] = d_bot[t], d_top[t]  # equation 9
        r_top[t] = read(s[t], V)  # equation 10
        r_bot[t] = read(s[t, ::-1], V[::-1])  # equation 11
    return s, V, r_top, r_bot


def deque_backward(
    d_top: ArrayLike,
    u_top: ArrayLike,
    v_top: ArrayLike,
    d_bot: ArrayLike,
    u_bot: ArrayLike,
    v_bot: ArrayLike,
    r_top_bar: ArrayLike,
    r_bot_bar: ArrayLike,
) -> tuple[Strengths, Strengths, Values, Strengths, Strengths, Values]:
    """Return the derivatives of a loss with respect to all inputs, given those with respect to every read.

    The steps are processed in reverse order, and so are the operations of a step: both reads, both pushes, the pop of
    the bottom, the pop of the top. s_bar holds the derivative with respect to the strengths; its outermost entries are
    those of the two pushes.

    At a tie, where strengths end exactly at the edge of a pop or of a read window, the derivative is the one towards
    slightly larger pops at both ends, even for a pop of exactly 0: the next pop at its end removes what was pushed with
    a strength of 0. One tie does not depend on any pop: two pushes whose strengths add up to exactly 1, into a DeQue
    that is empty after the pops of that step. There the derivative is the one towards slightly weaker pushes. With
    respect to a push strength of exactly 1 it is the one towards a weaker push; with respect to one of exactly 0, the
    one towards a stronger push as long as no later pop reaches the element, and 0 after that.

    Args:
        d_top: Push strengths at the top. This and the next five arguments are those of `deque_forward`.
        u_top: Pop strengths at the top.
        v_top: Values pushed on top.
        d_bot: Push strengths at the bottom.
        u_bot: Pop strengths at the bottom.
        v_bot: Values pushed at the bottom.
        r_top_bar: The derivative of the loss with respect to each read at the top, of shape [T, m].
        r_bot_bar: The derivative of the loss with respect to each read at the bottom, of shape [T, m].

    Returns:
        d_top_bar, u_top_bar, v_top_bar, d_bot_bar, u_bot_bar and v_bot_bar.

    Examples:
        The last read at the top of the example above sees the elements worth 2 and 1 in full and fills up with the one
        worth 10. More of the others costs 8 or 9; a larger pop at the top makes room.

        >>> top, bottom = ([0.5, 0.4], [0.0, 0.2], [[1], [2]]), ([0.5, 0.0], [0.0, 0.1], [[10], [20]])
        >>> bars = deque_backward(*top, *bottom, r_top_bar=[[0], [1]], r_bot_bar=[[0], [0]])
        >>> [bar.round(6).ravel().tolist() for bar in bars[:3]]
        [[-9.0, -8.0], [0.0, 9.0], [0.3, 0.4]]
        >>> [bar.round(6).ravel().tolist() for bar in bars[3:]]
        [[0.0, 0.0], [0.0, 0.0], [0.3, 0.0]]
    """
    s, V, _, _ = deque_forward(d_top, u_top, v_top, d_bot, u_bot, v_bot)
    given = (np.asarray(x, np.float64) for x in (u_top, u_bot, r_top_bar, r_bot_bar))
    of_top, of_bottom = _steps_backward(s, V, *given)
    return *of_top, *of_bottom


def _steps_backward(
    s: Float64[np.ndarray, "T 2*T"],
    V: Float64[np.ndarray, "2*T m"],
    u_top: Strengths,
    u_bot: Strengths,
    r_top_bar: Values,
    r_bot_bar: Values,
) -> tuple[EndGradients, EndGradients]:
    """Return the derivatives with respect to the inputs at the top, and to those at the bottom."""
    T = len(u_top)
    d_top_bar, u_top_bar, d_bot_bar, u_bot_bar = np.zeros((4, T))
    V_bar, s_bar = np.zeros_like(V), np.zeros(2 * T)
    for t in reversed(range(T)):
        s_read_top, V_read_top = read_backward(s[t], V, r_top_bar[t])
        s_read_bot, V_read_bot = read_backward(s[t, ::-1], V[::-1], r_bot_bar[t])
        s_bar += s_read_top + s_read_bot[::-1]
        V_bar += V_read_top + V_read_bot[::-1]
        d_bot_bar[t], d_top_bar[t] = s_bar[T - 1 - t], s_bar[T + t]
        old = slice(T - t, T + t)
        after, s_bar = s_bar[old], np.zeros(2 * T)
        s_top = pop(s[t - 1, old], u_top[t])
        s_top_bar, u_bot_bar[t] = pop_backward(s_top[::-1], u_bot[t], after[::-1])
        s_bar[old], u_top_bar[t] = pop_backward(s[t - 1, old], u_top[t], s_top_bar[::-1])
    return (d_top_bar, u_top_bar, V_bar[T:]), (d_bot_bar, u_bot_bar, V_bar[:T][::-1])
