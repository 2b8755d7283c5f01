# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""The command `epim` that this package carries, run for its JSON."""
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from .errors import CheckFailed, EpimError, MissingTool, input_error

_HERE = Path(__file__).resolve().parent


def executable() -> str:
    """Path of the command: EPIM_COMMAND, else the one in this package."""
    return os.environ.get("EPIM_COMMAND") or str(_HERE / "bin" / "epim")


def environment() -> Dict[str, str]:
    """EPIM_HOME: where its data files and the shipped networks are; EPIM_CACHE: where built models stay."""
    env = dict(os.environ)
    if (_HERE / "home").is_dir():
        env.setdefault("EPIM_HOME", str(_HERE / "home"))
    env.setdefault("EPIM_CACHE", cache())
    return env


def cache() -> str:
    """Folder of compiled simulation models."""
    return os.environ.get("EPIM_CACHE") or str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "epim" / "models")


def assignment(key: str, value: Any) -> str:
    """key=value as --set takes it: booleans and lists in TOML's form."""
    return f"{key}={json.dumps(value) if isinstance(value, (bool, list)) else value}"


def options(given: Mapping[str, Any]) -> List[str]:
    """`weight_bits=5` becomes --weight-bits 5; True a flag; None and False nothing; a list is joined by commas, a dictionary
    repeats the option with key=value."""
    out: List[str] = []
    for key, value in given.items():
        name = "--" + key.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            out.append(name)
        elif isinstance(value, Mapping):
            for k, v in value.items():
                out += [name, assignment(k, v)]
        elif isinstance(value, (list, tuple)):
            out += [name, ",".join(str(v) for v in value)]
        else:
            out += [name, str(value)]
    return out


def run(verb: str, *arguments: str, json_output: bool = True, **given: Any) -> Any:
    """`epim VERB ARGUMENTS --option value ... --json`, its JSON as Python objects.

    Raises InputError (exit code 2) with the rule's name, CheckFailed (1), MissingTool (3), EpimError (4).
    """
    command = [executable(), verb, *map(str, arguments), *options(given)] + (["--json"] if json_output else [])
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout) if json_output else done.stdout
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode == 2:
        for line in lines:
            error = input_error(line)
            if error:
                raise error
    text = "\n".join(lines) or f"exit code {done.returncode}"
    kinds: Dict[int, Any] = {1: CheckFailed, 3: MissingTool}
    raise kinds.get(done.returncode, EpimError)(text)


def home(path: Optional[str] = None) -> str:
    """A file of the data that this package carries."""
    base = environment().get("EPIM_HOME", "")
    return str(Path(base) / path) if path else base
