"""Looking at the machines of runs: their traces side by side, and a live page."""

from neuralstack.viewing._server import application as application, serve as serve
from neuralstack.viewing._viewer import Viewer as Viewer
