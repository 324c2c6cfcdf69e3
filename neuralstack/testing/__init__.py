"""Laws that a user's own parts can be checked against, for use in their tests."""

from neuralstack.testing._check_memory import check_memory as check_memory
