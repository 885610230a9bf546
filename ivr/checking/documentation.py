"""docs/flow-check.md: made of the codes, so that it says of each what the check does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ivr.checking.catalogue import CODES

_HEAD = """\
# Checking flows

`hotline flow check` follows every way through the flows, over every key, word, silence, misunderstanding, service
outcome and branch, through calls of flows and back, with storm mode on and off, and tells what is wrong before a caller
finds out.

    ./run hotline flow check                      # the configured flows
    ./run hotline flow check my/flows --json      # for CI
    ./run hotline flow check --severity hint      # everything
    ./run hotline flow check --explain no-end     # what a code means; `all` lists them

A finding has its place, the shortest way there and what mends it:

    main.yaml
          12:3  warning  'menu' and 'sorry': a caller who says nothing goes round for ever.  [endless-loop]
                way there: main.menu [(silence) x2] > main.sorry > main.menu
                to mend:   Let an escalation end somewhere else, or count the rounds with 'set' and leave with 'when'.

In brackets stands what happens at a node: a key, words in quotes, `(silence)`, an outcome, a branch.

| exit status | when |
|---|---|
| 0 | no error (with `--strict` no warning either) |
| 1 | an error; with `--strict` a warning as well |
| 2 | it could not be checked: no such folder, a broken config.yaml |

An **error** breaks calls, a **warning** probably does or misleads callers, a **hint** is worth a look. Flows with an
error of the first kind below cannot be used at all; then nothing else is looked at.

## What is meant so

A finding that is right as it is gets a comment, with the reason, on its line, on the line that heads it (the node,
prompt or option), or alone above either:

```yaml
  offices:  # check: allow global-hidden 0 has been the office here for twenty years
    menu: which_office
```

An allowance that no finding needs any more is told, and so is one without a reason.
"""


def document() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD.rstrip()
    for part, codes in groupby(CODES.values(), key=lambda code: code.part):
        yield f"\n## {part}"
        for code in codes:
            yield f"\n### {code.name}\n\n*{code.severity.value}.* {code.about}"
            yield f"\n```yaml\n{code.example}\n```\n\n{code.mend}"
