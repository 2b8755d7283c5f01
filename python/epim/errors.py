# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as exceptions. `InputError.rule` is the name that docs/rejected-inputs.md lists."""
import re
from typing import Optional


class EpimError(RuntimeError):
    """Base class of all errors of this package."""


class InputError(EpimError, ValueError):
    """Something that was asked for is not legal: `rule` names the rule, `text` says what is wrong and what is legal."""

    def __init__(self, rule: str, text: str, file: str = "", line: int = 0, column: int = 0):
        place = file + (f":{line}:{column}" if line else "")
        super().__init__((place + ": " if place else "") + f"{rule}: {text}")
        self.rule, self.text, self.file, self.line, self.column = rule, text, file, line, column


class CheckFailed(EpimError):
    """A comparison that the command makes did not hold (exit code 1)."""


class MissingTool(EpimError):
    """A program that must be installed is not (exit code 3)."""


_LINE = re.compile(r"^(?:(?P<file>.*?):(?:(?P<line>\d+):(?P<column>\d+):)? )?(?P<rule>[a-z0-9]+(?:-[a-z0-9]+)*): (?P<text>.*)$")


def input_error(line: str) -> Optional[InputError]:
    """The exception of one line `file:line:column: rule: text` of the command; None for any other text."""
    m = _LINE.match(line)
    if not m:
        return None
    return InputError(m["rule"], m["text"], m["file"] or "", int(m["line"] or 0), int(m["column"] or 0))
