from ._changed import change_one as change_one
from ._checks import check_drawn as check_drawn, check_every as check_every
from ._conformance import (
    Conformance as Conformance,
    Difference as Difference,
    check_conformance as check_conformance,
)
from ._control import Control as Control, Input as Input, Output as Output, control_of as control_of
from ._machine_control import machine_control as machine_control
from ._proof import prove as prove
from ._result import (
    Checked as Checked,
    Counterexample as Counterexample,
    NotProved as NotProved,
    Proof as Proof,
    Verification as Verification,
)
from ._specifications import specification as specification
from ._suite import conformance_suite as conformance_suite
from ._verify import verify as verify
from ._written import write_program as write_program
