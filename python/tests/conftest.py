# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Random tests print their seed; EPIM_SEED repeats one."""
import os
import random
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def root():
    """The repository: its networks and configurations."""
    return ROOT


@pytest.fixture
def seed():
    value = int(os.environ.get("EPIM_SEED") or random.SystemRandom().randrange(1 << 30))
    print(f"EPIM_SEED={value}")
    return value
