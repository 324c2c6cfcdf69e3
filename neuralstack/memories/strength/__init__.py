"""Memories whose elements are held with fractional strength: stack, queue and deque.

Imported module by module, by `neuralstack.memories`: a soft memory and its discrete form know each other.
"""
