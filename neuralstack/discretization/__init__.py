"""Machines with discrete actions."""

from neuralstack.discretization._agreement import Agreement as Agreement
from neuralstack.discretization._harden import harden as harden
from neuralstack.discretization._streaming import Stream as Stream
