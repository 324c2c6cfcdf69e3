"""Pop and read at one end of a line of elements, and their derivatives: shared by stack, queue and DeQue.

In Grefenstette et al. (2015), "Learning to Transduce with Unbounded Memory", a pop (equations 2, 4, 7 and 8) and a read
(equations 3, 5, 10 and 11) start at one end of the memory. Here that end is the last element, as at the top of a stack,
so that s[i + 1 :] are the strengths between element i and the end. The front of a queue and the bottom of a DeQue are
the last element of the reversed line.

At a tie, where strengths add up exactly to a pop or to the read window, the strict and non-strict inequalities below
select one of the one-sided derivatives.
"""

import numpy as np
from jaxtyping import Float64


def pop(s: Float64[np.ndarray, " n"], u: float) -> Float64[np.ndarray, " n"]:
    """Return the strengths after a pop of u, which removes strength from the last element inwards."""
    after = np.zeros_like(s)
    for i in range(len(s)):
        after[i] = max(0, s[i] - max(0, u - s[i + 1 :].sum()))
    return after


def pop_backward(
    s: Float64[np.ndarray, " n"], u: float, after_bar: Float64[np.ndarray, " n"]
) -> tuple[Float64[np.ndarray, " n"], float]:
    """Return s_bar and u_bar, given the derivative with respect to the strengths after the pop.

    Let rest be u minus the strength between element i and the end: the part of the pop that reaches the element. The
    strength that remains has one of three values:

    - 0, if s[i] <= rest: the element is removed, and its derivative is 0;
    - s[i] - rest, if 0 <= rest < s[i]: the element is trimmed. This is s[i:].sum() - u, so after_bar[i] is added to
      s_bar[i:] and subtracted from u_bar. A pop that removes everything trims nothing, and u_bar is 0;
    - s[i], if rest < 0: the pop does not reach the element.
    """
    s_bar, u_bar = np.zeros_like(s), 0.0
    for i in range(len(s)):
        rest = u - s[i + 1 :].sum()
        if rest < 0:
            s_bar[i] += after_bar[i]
        elif rest < s[i]:
            s_bar[i:] += after_bar[i]
            u_bar -= after_bar[i]
    return s_bar, u_bar


def read(s: Float64[np.ndarray, " n"], V: Float64[np.ndarray, "n m"]) -> Float64[np.ndarray, " m"]:
    """Return the sum of the values, weighted by their strengths up to a total of 1 from the last element inwards."""
    r = np.zeros(V.shape[1])
    for i in range(len(s)):
        r += min(s[i], max(0, 1 - s[i + 1 :].sum())) * V[i]
    return r


def read_backward(
    s: Float64[np.ndarray, " n"], V: Float64[np.ndarray, "n m"], r_bar: Float64[np.ndarray, " m"]
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, "n m"]]:
    """Return s_bar and V_bar, given the derivative with respect to the read.

    Let room be 1 minus the strength between element i and the end, and delta = r_bar . V[i] the derivative with respect
    to the weight of the element, which has one of three values:

    - s[i], if s[i] <= room: the element is read in full, and delta is added to s_bar[i];
    - room, if 0 <= room < s[i]: the read window ends inside the element. Any strength nearer to the end pushes it out
      of the window, so delta is subtracted from s_bar[i + 1 :];
    - 0, if room < 0: the element is not read.
    """
    s_bar, V_bar = np.zeros_like(s), np.zeros_like(V)
    for i in range(len(s)):
        room = 1 - s[i + 1 :].sum()
        delta = r_bar @ V[i]
        V_bar[i] = min(s[i], max(0, room)) * r_bar
        if s[i] <= room:
            s_bar[i] += delta
        elif room >= 0:
            s_bar[i + 1 :] -= delta
    return s_bar, V_bar
