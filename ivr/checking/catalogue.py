"""Every code of a finding: how bad it is, what it means, what mends it, and a flow that has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from ivr.checking.finding import Severity

_FILE = Path(__file__).with_name("codes.yaml")


@dataclass(frozen=True, slots=True)
class Code:
    """`part`: what it is about, with others. `example` is a flow in short that has the finding."""

    name: str
    severity: Severity
    about: str
    mend: str
    example: str
    part: str


def _read() -> dict[str, Code]:
    parts = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {
        name: Code(name, Severity(code["severity"]), code["about"], code["mend"], code["example"].rstrip(), part)
        for part, codes in parts.items()
        for name, code in codes.items()
    }


CODES: Mapping[str, Code] = _read()


def explained(code: Code) -> str:
    """What `--explain` prints."""
    example = "\n".join(f"    {line}" for line in code.example.splitlines())
    return f"{code.name} ({code.severity.value})\n\n{code.about}\n\n{example}\n\nTo mend it: {code.mend}"
