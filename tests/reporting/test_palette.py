"""The colors of figures can be told apart by readers with any color vision."""

from itertools import combinations

import numpy as np
import pytest

import animation
from neuralstack.reporting import COLORS

# Linear RGB as it is seen with each color vision: Machado, Oliveira & Fernandes (2009), severity 1.
VISIONS = {
    "trichromat": np.eye(3),
    "protanope": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranope": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanope": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
LEAST = 15  # distance in CIELAB; about 2 can just be noticed side by side


def linear(color):
    """An sRGB color, #rrggbb, as linear RGB."""
    value = np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Linear RGB in CIELAB, whose distances are about those that are seen."""
    x, y, z = np.cbrt(TO_XYZ @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def closest(colors, vision):
    """The least distance of two colors as they are seen."""
    seen = [lab(np.array(VISIONS[vision]) @ linear(color)) for color in colors]
    return min(np.linalg.norm(one - other) for one, other in combinations(seen, 2))


@pytest.mark.parametrize("vision", VISIONS)
def test_the_colors_of_figures_can_be_told_apart(vision):
    assert closest(COLORS, vision) > LEAST


def test_red_and_green_could_not():
    assert closest(("#a05040", "#607040"), "deuteranope") < LEAST < closest(("#a05040", "#607040"), "trichromat")


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize("vision", VISIONS)
def test_the_colors_of_the_first_picture_can_be_told_apart_in_both_schemes(vision, scheme):
    assert closest([animation.COLORS[kind][scheme] for kind in ("pushed", "held", "read", "popped")], vision) > LEAST
