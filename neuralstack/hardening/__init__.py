"""Machines with discrete actions, and the finite programs that they are."""

from neuralstack.hardening._check import Agreement as Agreement
from neuralstack.hardening._extract import extract as extract
from neuralstack.hardening._hard_stacks import HardStacks as HardStacks
from neuralstack.hardening._harden import harden as harden
from neuralstack.hardening._report import (
    Comparison as Comparison,
    Extraction as Extraction,
    compare as compare,
    find_program as find_program,
)
from neuralstack.hardening._stream import Stream as Stream
