"""Make the playground of the documentation from the programs of the zoo, so that it shows those of the package."""

from mkdocs.structure.files import File

from neuralstack import zoo
from neuralstack.reporting import playground

PAGE = "guide/programs.html"


def answers_throughout(program):
    """Return whether a program that answers at each step does so from the first one on: else the page would stop."""
    return program.layout.form != "synchronous" or program.run([0]) != [None]


def on_files(files, config, **_):
    """Add the page, which is one file and no page of the theme."""
    programs = {name: program for name in zoo.list() if answers_throughout(program := zoo.load(name).program)}
    files.append(File.generated(config, PAGE, content=str(playground(programs))))
    return files
