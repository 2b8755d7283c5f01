# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics over the seeds of a study."""
import math

from scipy.stats import t as student


def statistics(values):
    """Mean, sample standard deviation, half width of the 95 % interval of the mean (Student's t); of one value the last two are
    not numbers."""
    n = len(values)
    mean = sum(values) / n
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1)) if n > 1 else math.nan
    half = float(student.ppf(0.975, n - 1)) * spread / math.sqrt(n) if n > 1 else math.nan
    return {"mean": mean, "std": spread, "ci95": half}
