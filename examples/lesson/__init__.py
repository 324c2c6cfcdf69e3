"""A recurrent network in NumPy learns to reverse bits with a neural stack, every gradient derived by hand.

`docs/guide/lesson.md` explains it step by step. The program trains every network from many seeds and counts those that
learn:

    python -m examples.lesson            # about an hour; writes runs/lesson
    python -m examples.lesson --quick    # a minute
"""
