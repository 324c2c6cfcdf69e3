from ._changed import change_one as change_one
from ._checks import check_drawn as check_drawn, check_every as check_every
from ._proof import prove as prove
from ._result import (
    Checked as Checked,
    Counterexample as Counterexample,
    NotProved as NotProved,
    Proof as Proof,
    Verification as Verification,
)
from ._specifications import specification as specification
from ._verify import verify as verify
from ._written import write_program as write_program
