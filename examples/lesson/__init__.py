"""A recurrent network in NumPy that learns to reverse bits with a neural stack, with all gradients derived by hand.

`docs/guide/lesson.md` explains it step by step. The program trains each network from many seeds and counts the seeds
that learn:

    python -m examples.lesson            # about an hour; writes runs/lesson
    python -m examples.lesson --quick    # a minute
"""
