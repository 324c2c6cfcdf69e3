"""Memories whose elements are held with fractional strength: stack, queue and deque.

`neuralstack.memories` imports the modules one by one, since soft memories and their discrete forms use each other.
"""
