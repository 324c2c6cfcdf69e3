"""The neural queue of Grefenstette et al. (2015), "Learning to Transduce with Unbounded Memory", equations 1, 4 and 5.

The symbols are the paper's, except that time counts from 0: at step t the controller gives a push strength d[t], a
pop strength u[t] and a value v[t]; the queue then holds the values V[0..t] with strengths s[t, 0..t], and r[t] is
read. Derivatives of the loss are written with a bar: r_bar is that of the loss by r.

It is the stack with one difference: pops and reads start at the front, with the oldest element, so that what counts is
the strength of the elements before i, where for the stack it is that of the elements after i.

Everything is float64, one sequence, loops over steps and elements: O(T^2) sums for T steps.
"""

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike


def queue_forward(
    d: ArrayLike, u: ArrayLike, v: ArrayLike
) -> tuple[Float64[np.ndarray, "T T"], Float64[np.ndarray, "T m"], Float64[np.ndarray, "T m"]]:
    """Run the queue on one sequence.

    Args:
        d: Push strengths in [0, 1], of shape [T].
        u: Pop strengths in [0, 1], of shape [T].
        v: Pushed values, of shape [T, m].

    Returns:
        The strengths s, of which row t holds those after step t; the values V (a value stays in its row for ever, so
        that the last V contains every earlier one); and the reads r.

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
        for i in range(t):  # equation 4: the pop takes from the front on what it finds
            s[t, i] = max(0, s[t - 1, i] - max(0, u[t] - s[t - 1, :i].sum()))
        s[t, t] = d[t]
        for i in range(t + 1):  # equation 5: the read sees from the front on a strength of 1
            r[t] += min(s[t, i], max(0, 1 - s[t, :i].sum())) * V[i]
    return s, V, r


def queue_backward(
    d: ArrayLike, u: ArrayLike, v: ArrayLike, r_bar: ArrayLike
) -> tuple[Float64[np.ndarray, " T"], Float64[np.ndarray, " T"], Float64[np.ndarray, "T m"]]:
    """Return the derivatives of a loss by d, u and v, given its derivative by every read.

    The steps are undone last to first; s_bar holds the derivative by the strengths that step t left behind. Since
    s[t] = d[t], that by the push is d_bar[t] = s_bar[t]; `read_backward` and `pop_backward` say the rest.

    The bounds belong to the cases as written there. Where strengths end exactly at the edge of a pop or of the read
    window, this makes the derivative by the pop the one towards a slightly larger pop. The derivative by a push
    strength of exactly 0 is 0 after any later pop that reaches it, also where a larger push would be read.

    Args:
        d: Push strengths in [0, 1], of shape [T].
        u: Pop strengths in [0, 1], of shape [T].
        v: Pushed values, of shape [T, m].
        r_bar: The derivative of the loss by each read, of shape [T, m].

    Returns:
        d_bar, u_bar and v_bar.

    Examples:
        At the last step of the example above, the read sees all that is left of the second element, and the third only
        as far as there is room. Stronger pushes before leave more of the second element, worth 2, in the place of the
        third, worth 3; larger pops leave less.

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
        s_read, v_read = read_backward(s[t, : t + 1], V[: t + 1], r_bar[t])
        s_bar[: t + 1] += s_read
        v_bar[: t + 1] += v_read
        d_bar[t] = s_bar[t]
        s_bar[:t], u_bar[t] = pop_backward(s[t - 1, :t], u[t], s_bar[:t])
        s_bar[t] = 0
    return d_bar, u_bar, v_bar


def read_backward(
    s: Float64[np.ndarray, " n"], V: Float64[np.ndarray, "n m"], r_bar: Float64[np.ndarray, " m"]
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, "n m"]]:
    """Return the derivatives by the strengths and by the values that come from one read.

    (Equation 5.) Let room be the 1 minus all strength before element i. Its weight is one of three numbers:

    - s[i], if s[i] <= room: the element is seen whole, and s_bar[i] grows by delta = r_bar . V[i];
    - room, if 0 <= room < s[i]: the window ends in it. More strength in any element j before pushes it out of the
      window, so that s_bar[j] shrinks by delta;
    - 0, if room < 0: it is out of sight.
    """
    s_bar, v_bar = np.zeros_like(s), np.zeros_like(V)
    for i in range(len(s)):
        room = 1 - s[:i].sum()
        delta = r_bar @ V[i]
        v_bar[i] = min(s[i], max(0, room)) * r_bar
        if s[i] <= room:
            s_bar[i] += delta
        elif room >= 0:
            s_bar[:i] -= delta
    return s_bar, v_bar


def pop_backward(
    s: Float64[np.ndarray, " n"], u: float, after: Float64[np.ndarray, " n"]
) -> tuple[Float64[np.ndarray, " n"], float]:
    """Return the derivatives by the strengths before a pop and by the pop, from that by the strengths after it.

    (Equation 4.) Let rest be u minus all strength before element i, that is what is left of the pop when it
    gets there. The element keeps one of three numbers:

    - 0, if s[i] <= rest: it is removed, and nothing that happens to it later depends on what it was;
    - s[i] - rest, if 0 <= rest < s[i]: it is trimmed. This is the sum of s[j] over j <= i, minus u: one derivative
      goes to all of these and, negative, to u_bar. A pop that removes everything trims nothing, and u_bar is 0;
    - s[i], if rest < 0: the pop never gets there.
    """
    s_bar, u_bar = np.zeros_like(s), 0.0
    for i in range(len(s)):
        rest = u - s[:i].sum()
        if rest < 0:
            s_bar[i] += after[i]
        elif rest < s[i]:
            s_bar[: i + 1] += after[i]
            u_bar -= after[i]
    return s_bar, u_bar
