# SPDX-License-Identifier: BSD-3-Clause
"""Energy of the processor packages, from the kernel's powercap counters (RAPL), where they are and may be read."""
import glob

ZONES = '/sys/class/powercap/*-rapl:[0-9]'  # whole packages; zones below them have a second number
UNKNOWN_NONE = 'unknown, because /sys/class/powercap shows no package (no RAPL, or a virtual machine)'
UNKNOWN_RIGHTS = 'unknown, because the counters in /sys/class/powercap may be read by root alone'


def read_number(path):
    with open(path, encoding='ascii') as file:
        return int(file.read())


class Meter:
    """reason: '' when it measures, else why not."""

    def __init__(self, zones=ZONES):
        self.zones = sorted(glob.glob(zones))
        self.reason = '' if self.zones else UNKNOWN_NONE
        try:
            self.ranges = [read_number(f'{zone}/max_energy_range_uj') for zone in self.zones]
            self.read()
        except (OSError, ValueError):
            self.zones, self.reason = [], UNKNOWN_RIGHTS

    def read(self):
        return [read_number(f'{zone}/energy_uj') for zone in self.zones]

    def joules(self, before):
        """Since `before`, an answer of read(); None where nothing is measured. A counter that wrapped did so once."""
        if not self.zones:
            return None
        spent = [(now - was) % (most + 1) for now, was, most in zip(self.read(), before, self.ranges)]
        return sum(spent) / 1e6
