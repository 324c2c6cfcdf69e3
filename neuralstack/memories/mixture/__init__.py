"""Memories whose operations are mixed by weights: superposition stacks, pointer stack and tape.

`neuralstack.memories` imports the modules one by one, since soft memories and their discrete forms use each other.
"""
