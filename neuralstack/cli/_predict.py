"""`neuralstack predict`."""

import sys
from dataclasses import dataclass

from neuralstack.cli._kinds import Given, RunPath
from neuralstack.cli._own_options import OwnOptions
from neuralstack.cli._status import WRONG


@dataclass(frozen=True)
class Predict(OwnOptions):
    """Answer one typed input with a machine, by greedy decoding."""

    run: RunPath
    """The run's directory."""
    text: Given
    """The source to answer."""
    harden: bool = False
    """Round every action of the memory to 0 or 1, and keep the controller's state from drifting."""
    check: bool = False
    """Also report whether the answer is right; the exit status is 1 if it is not."""

    def __call__(self) -> int:
        """Answer, and check if requested."""
        from neuralstack.discretization import harden
        from neuralstack.evaluation import predict
        from neuralstack.training import Run, require_machine

        run = Run.open(self.run)
        task, machine = run.usable_task(**self.own), run.load_model(memory=self.memory, controller=self.controller)
        if self.harden:
            machine = harden(require_machine(machine, self.run), task)
        prediction = predict(machine, self.text, task)
        print(prediction.text)
        if not prediction.ended:
            print("neuralstack: the machine did not end its answer; it was cut off", file=sys.stderr)
        if not self.check:
            return 0
        answer = task.answer(task.encode(self.text))
        right = prediction.ended and prediction.tokens == answer
        print("right" if right else f"wrong: the answer is {task.decode(answer)!r}", file=sys.stderr)
        return 0 if right else WRONG
