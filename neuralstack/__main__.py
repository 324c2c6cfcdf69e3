"""`python -m neuralstack` is the command line."""

from neuralstack.cli import main

main()
