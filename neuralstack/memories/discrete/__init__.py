"""Memories with actions of 0 and 1: the discrete forms of the soft ones.

Imported module by module, by `neuralstack.memories`: a soft memory and its discrete form know each other.
"""
