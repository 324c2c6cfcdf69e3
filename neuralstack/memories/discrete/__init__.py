"""Memories with actions of 0 and 1: the discrete forms of the soft ones.

`neuralstack.memories` imports the modules one by one, since soft memories and their discrete forms use each other.
"""
