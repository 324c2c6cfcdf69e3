"""From a string to another one: the five tasks of Grefenstette et al. (2015)."""

from neuralstack.tasks.transductions._reversal import Reversal as Reversal
