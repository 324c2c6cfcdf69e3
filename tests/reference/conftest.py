import numpy as np
import pytest


def central_differences(loss, inputs, size):
    """The derivative of a loss with respect to every number of every input, by central differences."""
    differences = []
    for place, given in enumerate(inputs):
        differences.append(np.zeros_like(given))
        for index in np.ndindex(given.shape):
            sides = []
            for change in (size, -size):
                changed = given.copy()
                changed[index] += change
                sides.append(loss(*inputs[:place], changed, *inputs[place + 1 :]))
            differences[-1][index] = (sides[0] - sides[1]) / (2 * size)
    return differences


@pytest.fixture
def assert_derivatives():
    """Compare derivatives with differences. Between kinks a read is linear in every number, so these are exact."""

    def compare(got, loss, *inputs, size=1e-6):
        for one, other in zip(got, central_differences(loss, inputs, size), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)

    return compare
