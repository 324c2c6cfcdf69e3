"""The neural DeQue of Grefenstette et al. (2015), "Learning to Transduce with Unbounded Memory", equations 6 to 11.

The symbols are the paper's, except that time counts from 0: at step t the controller gives, for the top and for the
bottom, a push strength d[t], a pop strength u[t] and a value v[t]. Within a step the order is: pop the top, pop the
bottom, push on both ends, read both ends. Derivatives of the loss are written with a bar: r_top_bar is that of the loss
by r_top.

A step adds two elements, one at each end. All 2T of a sequence lie in this order, from bottom to top:

    v_bot[T-1], ..., v_bot[1], v_bot[0], v_top[0], v_top[1], ..., v_top[T-1]

so that step t pushes the rows T-1-t and T+t of V, on the outside of those that the steps before it pushed, and an
element keeps its row for ever. (In the paper the lowest element of the moment has the index 1, and every index grows by
one with each step: its V_t are the rows T-1-t to T+t here.)

Seen from the top, a DeQue is a stack; seen from the bottom, in reverse order, it is one too. So the equations are
written once, for the top end of any line of elements, and the bottom end is the top of the reversed line.

Everything is float64, one sequence, loops over steps and elements: O(T^2) sums for T steps.
"""

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

Strengths = Float64[np.ndarray, " T"]
Values = Float64[np.ndarray, "T m"]
EndGradients = tuple[Strengths, Strengths, Values]
"""Derivatives by the pushes, the pops and the values at one end."""


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
        The strengths s, of which row t holds those after step t; the values V; and what is read at the top, r_top, and
        at the bottom, r_bot. Columns of s and rows of V go from bottom to top, in the order given above.

    Examples:
        The first step pushes two halves, and both reads see both of them. The second trims them to 0.4 and 0.3 and
        pushes 0.4 on top; now each read misses a tenth at the other end.

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
        old = slice(T - t, T + t)  # what the steps before this one pushed
        s_top = _pop(s[t - 1, old], u_top[t])  # equation 7
        s[t, old] = _pop(s_top[::-1], u_bot[t])[::-1]  # equation 8
        s[t, T - 1 - t], s[t, T + t] = d_bot[t], d_top[t]  # equation 9
        r_top[t] = _weights(s[t]) @ V  # equation 10
        r_bot[t] = _weights(s[t, ::-1]) @ V[::-1]  # equation 11
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
    """Return the derivatives of a loss by all that was given, from its derivatives by every read at the two ends.

    The steps are undone last to first, and within a step both reads, both pushes, the pop of the bottom, the pop of the
    top; s_bar holds the derivative by the strengths, of which the outermost are those of the two pushes.

    The bounds belong to the cases as written. Where strengths end exactly at the edge of a pop or of a read window,
    this makes the derivative the one towards slightly larger pops, at both ends, also of a pop of exactly 0: the next
    one at its end removes what was pushed with a strength of 0. One tie is out of the reach of every pop: two pushes
    that together are exactly 1, into a DeQue that is empty after the pops of that step. There the derivative is the one
    towards slightly weaker pushes. By a push strength of exactly 1 it is the one towards a weaker push. By one of
    exactly 0 it is the one towards a stronger push as long as no later pop reaches the element, and 0 after that.

    Args:
        d_top: Push strengths at the top; like all that follows, as `deque_forward` takes it.
        u_top: Pop strengths at the top.
        v_top: Values pushed on top.
        d_bot: Push strengths at the bottom.
        u_bot: Pop strengths at the bottom.
        v_bot: Values pushed at the bottom.
        r_top_bar: The derivative of the loss by each read at the top, of shape [T, m].
        r_bot_bar: The derivative of the loss by each read at the bottom, of shape [T, m].

    Returns:
        d_top_bar, u_top_bar, v_top_bar, d_bot_bar, u_bot_bar and v_bot_bar.

    Examples:
        The last read at the top of the example above sees the elements worth 2 and 1 whole, and of the one worth 10 as
        much as there is room for. More of the others costs 8 or 9; a larger pop at the top makes room.

        >>> top, bottom = ([0.5, 0.4], [0.0, 0.2], [[1], [2]]), ([0.5, 0.0], [0.0, 0.1], [[10], [20]])
        >>> bars = deque_backward(*top, *bottom, r_top_bar=[[0], [1]], r_bot_bar=[[0], [0]])
        >>> [bar.round(6).ravel().tolist() for bar in bars[:3]]
        [[-9.0, -8.0], [0.0, 9.0], [0.3, 0.4]]
        >>> [bar.round(6).ravel().tolist() for bar in bars[3:]]
        [[0.0, 0.0], [0.0, 0.0], [0.3, 0.0]]
    """
    s, V, _, _ = deque_forward(d_top, u_top, v_top, d_bot, u_bot, v_bot)
    given = (np.asarray(x, np.float64) for x in (u_top, u_bot, r_top_bar, r_bot_bar))
    of_top, of_bottom = _undo_steps(s, V, *given)
    return *of_top, *of_bottom


def _undo_steps(
    s: Float64[np.ndarray, "T 2*T"],
    V: Float64[np.ndarray, "2*T m"],
    u_top: Strengths,
    u_bot: Strengths,
    r_top_bar: Values,
    r_bot_bar: Values,
) -> tuple[EndGradients, EndGradients]:
    """Return the derivatives by what was given at the top, and at the bottom."""
    T = len(u_top)
    d_top_bar, u_top_bar, d_bot_bar, u_bot_bar = np.zeros((4, T))
    V_bar, s_bar = np.zeros_like(V), np.zeros(2 * T)
    for t in reversed(range(T)):
        V_bar += np.outer(_weights(s[t]), r_top_bar[t])
        V_bar += np.outer(_weights(s[t, ::-1])[::-1], r_bot_bar[t])
        s_bar += _undo_weights(s[t], V @ r_top_bar[t])
        s_bar += _undo_weights(s[t, ::-1], V[::-1] @ r_bot_bar[t])[::-1]
        d_bot_bar[t], d_top_bar[t] = s_bar[T - 1 - t], s_bar[T + t]
        old = slice(T - t, T + t)
        after, s_bar = s_bar[old], np.zeros(2 * T)
        s_top = _pop(s[t - 1, old], u_top[t])
        s_top_bar, u_bot_bar[t] = _undo_pop(s_top[::-1], u_bot[t], after[::-1])
        s_bar[old], u_top_bar[t] = _undo_pop(s[t - 1, old], u_top[t], s_top_bar[::-1])
    return (d_top_bar, u_top_bar, V_bar[T:]), (d_bot_bar, u_bot_bar, V_bar[:T][::-1])


def _pop(s: Float64[np.ndarray, " n"], u: float) -> Float64[np.ndarray, " n"]:
    """Return what a pop of u leaves: it takes from the last element down what it finds."""
    left = np.zeros_like(s)
    for i in range(len(s)):
        left[i] = max(0, s[i] - max(0, u - s[i + 1 :].sum()))
    return left


def _undo_pop(
    s: Float64[np.ndarray, " n"], u: float, left_bar: Float64[np.ndarray, " n"]
) -> tuple[Float64[np.ndarray, " n"], float]:
    """Return the derivatives by s and u, given those by what the pop left.

    Let rest be u minus all strength between element i and the end, that is what is left of the pop when it
    gets there. The element keeps one of three numbers:

    - 0, if s[i] <= rest: it is removed, and nothing that happens to it later depends on what it was;
    - s[i] - rest, if 0 <= rest < s[i]: it is trimmed. This is the strength of i and of all nearer to the end, minus
      u: one derivative goes to all of these and, negative, to u_bar;
    - s[i], if rest < 0: the pop never gets there.
    """
    s_bar, u_bar = np.zeros_like(s), 0.0
    for i in range(len(s)):
        rest = u - s[i + 1 :].sum()
        if rest < 0:
            s_bar[i] += left_bar[i]
        elif rest < s[i]:
            s_bar[i:] += left_bar[i]
            u_bar -= left_bar[i]
    return s_bar, u_bar


def _weights(s: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Return how much of each element is read: the read sees from the last element down to a depth of 1."""
    w = np.zeros_like(s)
    for i in range(len(s)):
        w[i] = min(s[i], max(0, 1 - s[i + 1 :].sum()))
    return w


def _undo_weights(s: Float64[np.ndarray, " n"], w_bar: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Return the derivative by s, given that by the weights, delta = r_bar . V[i].

    Let room be the 1 minus all strength between element i and the end. Its weight is one of three numbers:

    - s[i], if s[i] <= room: the element is seen whole, and s_bar[i] grows by delta;
    - room, if 0 <= room < s[i]: the window ends in it. More strength in any element j nearer to the end pushes it out
      of the window, so that s_bar[j] shrinks by delta;
    - 0, if room < 0: it is out of sight.
    """
    s_bar = np.zeros_like(s)
    for i in range(len(s)):
        room = 1 - s[i + 1 :].sum()
        if s[i] <= room:
            s_bar[i] += w_bar[i]
        elif room >= 0:
            s_bar[i + 1 :] -= w_bar[i]
    return s_bar
