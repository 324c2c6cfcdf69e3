"""Memories whose operations are mixed by weights: superposition stacks, pointer stack and tape.

Imported module by module, by `neuralstack.memories`: a soft memory and its discrete form know each other.
"""
