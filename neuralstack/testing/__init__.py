"""Laws that own parts can be held against, for the tests of whoever writes them."""

from neuralstack.testing._check_memory import check_memory as check_memory
