"""Make the playground of the documentation from the programs of the zoo, so that it shows those of the package."""

from mkdocs.structure.files import File

from neuralstack import zoo
from neuralstack.reporting import playground

PAGE = "guide/programs.html"


def on_files(files, config, **_):
    """Add the page, which is one file and no page of the theme."""
    programs = {name: zoo.load(name).program for name in zoo.list()}
    files.append(File.generated(config, PAGE, content=str(playground(programs))))
    return files
