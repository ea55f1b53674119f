#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the report says must follow from the runs: medians, verdicts, the better form of a peer, and failed checks."""
import os
import sys
import tempfile
import unittest

import plan
import ratios
from energy import Meter
from parts import all_parts
from run_jobs import Job, Series, environment, run_once


def job(impl, policy, seconds, check='aa', right=True, workers=1):
    made = Job(impl, policy, ['bench-' + impl, 'k'], [0], workers=workers)
    made.results = [{'seconds': s, 'check': check, 'right': right, 'size': 7, 'seed': 3} for s in seconds]
    return made


class Figures(unittest.TestCase):
    def test_middle_half_of_five(self):
        fig = ratios.figure([5.0, 1.0, 4.0, 2.0, 3.0])
        self.assertEqual((fig['median'], fig['min'], fig['max'], fig['q1'], fig['q3']), (3.0, 1.0, 5.0, 2.0, 4.0))
        self.assertEqual(fig['runs'], [5.0, 1.0, 4.0, 2.0, 3.0])
        self.assertIsNone(ratios.figure([]))

    def test_a_difference_needs_halves_apart(self):
        fast, slow = ratios.figure([1, 1, 1, 1, 9]), ratios.figure([2, 2, 2, 2, 2])
        touching = ratios.figure([1, 1, 1, 2, 2])
        self.assertEqual(ratios.verdict(fast, slow), 'ahead')
        self.assertEqual(ratios.verdict(slow, fast), 'behind')
        self.assertEqual(ratios.verdict(touching, slow), 'level')

    def test_geometric_mean(self):
        self.assertAlmostEqual(ratios.geometric_mean([1.0, 4.0]), 2.0)
        self.assertIsNone(ratios.geometric_mean([]))


class Rows(unittest.TestCase):
    def setUp(self):
        self.series = Series('k', [job('serial', '', [4.0] * 5), job('libgomp', '', [3.0] * 5, workers=2),
                                   job('libgomp-loops', '', [2.0] * 5, workers=2), job('onetbb', '', [1.0] * 5, workers=2),
                                   job('ramify', '', [3.0] * 5), job('ramify', '', [1.0] * 5, workers=2)], 5)

    def row(self):
        return ratios.kernel_row(self.series, True)

    def test_better_form_of_a_peer_counts(self):
        at = self.row()['at'][2]
        self.assertEqual(at['peers']['libgomp']['form'], 'libgomp-loops')
        self.assertEqual(at['against']['libgomp'], {'ratio': 2.0, 'verdict': 'ahead'})
        self.assertEqual(at['against']['openmp'], at['against']['libgomp'])
        self.assertEqual(at['against']['serial'], {'ratio': 4.0, 'verdict': 'ahead'})
        self.assertNotIn('libomp', at['against'])
        self.assertNotIn('libgomp', self.row()['at'][1]['against'])

    def test_small_differences_are_measured_again(self):
        near = Series('k', [job('libgomp', '', [2.0] * 5), job('libgomp-untied', '', [3.0] * 5), job('onetbb', '', [3.0] * 5),
                            job('ramify', '', [2.1] * 5)], 5)
        self.assertEqual(ratios.close_forms(near, 1), ['ramify', 'libgomp'])
        self.assertEqual(ratios.at_workers(near, 1)['against']['libgomp']['verdict'], 'behind')
        near.again = [job('libgomp', '', [2.0, 2.2] * 7), job('ramify', '', [2.0, 2.2] * 7)]
        against = ratios.at_workers(near, 1)['against']
        self.assertEqual((against['libgomp']['verdict'], against['libgomp']['ratio'], against['libgomp']['rounds']), ('level', 1.0, 14))
        self.assertEqual(against['libgomp']['first']['verdict'], 'behind')
        self.assertEqual(against['openmp'], against['libgomp'])
        self.assertNotIn('first', against['onetbb'])

    def test_a_wrong_result_of_the_second_time_is_found_too(self):
        near = Series('k', [job('serial', '', [4.0] * 5), job('ramify', '', [2.1] * 5)], 5)
        near.again = [job('ramify', '', [2.0] * 5, check='bb')]
        self.assertEqual(len(list(ratios.check_failures(near))), 1)

    def test_libomp_is_compared_with_the_same_compiler(self):
        self.series.jobs += [job('libomp', '', [3.0] * 5, workers=2), job('ramify-clang', '', [2.0] * 5, workers=2)]
        at = self.row()['at'][2]
        self.assertEqual((at['against']['libomp']['ratio'], at['against']['openmp']['ratio']), (1.5, 1.5))

    def test_speed_up_is_over_one_worker(self):
        self.assertEqual(self.row()['speed_up'], {'ramify': 3.0, 'libgomp': None, 'libomp': None, 'onetbb': None})

    def test_means_per_worker_count(self):
        loops = ratios.kernel_row(Series('l', [job('libgomp', '', [8.0] * 5, workers=2), job('ramify', '', [1.0] * 5, workers=2)],
                                         5), False)
        self.assertEqual(ratios.means([self.row()])[2]['openmp'], 2.0)
        self.assertAlmostEqual(ratios.means([self.row(), loops])[2]['openmp'], 4.0)

    def test_where_not_ahead_is_said(self):
        self.assertEqual(ratios.not_ahead([self.row()]), [('k', 2, 'onetbb', 'onetbb', 1.0, 'level')])

    def test_wrong_check_names_size_and_seed(self):
        self.assertEqual(list(ratios.check_failures(self.series)), [])
        self.series.jobs.append(job('libomp', '', [1.0], check='bb'))
        found = list(ratios.check_failures(self.series))
        self.assertEqual(len(found), 1)
        for words in ('k in libomp', 'size 7', 'seed 3', 'bb', 'taskset -c 0 bench-libomp k'):
            self.assertIn(words, found[0])

    def test_run_without_result_fails_for_ramify_alone(self):
        for impl in ('onetbb', 'ramify'):
            broken = job(impl, '', [])
            broken.error = 'exit status 2: no'
            self.series.jobs.append(broken)
        self.assertEqual([f.split(',')[0] for f in ratios.check_failures(self.series)], ['k in ramify'])


class Parts(unittest.TestCase):
    def test_every_part_has_what_the_report_calls(self):
        found = all_parts()
        self.assertLessEqual({'kernels', 'policies', 'micro'}, set(found))
        for name, part in found.items():
            for attribute in ('ORDER', 'TITLE', 'series', 'evaluate', 'section', 'summary'):
                self.assertTrue(hasattr(part, attribute), f'{name} lacks {attribute}')

    def test_worker_counts_end_with_all(self):
        self.assertEqual([plan.worker_counts(n) for n in (1, 2, 3, 8, 12)],
                         [[1], [1, 2], [1, 2, 3], [1, 2, 4, 8], [1, 2, 4, 8, 12]])


class Energy(unittest.TestCase):
    def test_without_zones_it_says_why(self):
        meter = Meter('/nonexistent/*')
        self.assertEqual((meter.joules(meter.read()), meter.reason[:16]), (None, 'unknown, because'))

    def test_a_wrapped_counter(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, value in (('max_energy_range_uj', 9_999_999), ('energy_uj', 500_000)):
                with open(os.path.join(folder, name), 'w', encoding='ascii') as file:
                    file.write(f'{value}\n')
            self.assertEqual(Meter(folder).joules([9_500_000]), 1.0)


class Running(unittest.TestCase):
    def ran(self, code):
        made = Job('x', '', [sys.executable, '-c', code], sorted(os.sched_getaffinity(0))[:1])
        run_once(made)
        return made

    def test_the_last_line_is_the_result(self):
        made = self.ran('print("said\\n{\\"seconds\\": 2}")')
        self.assertEqual((made.results[0]['seconds'], made.error, made.skipped), (2, '', ''))

    def test_what_becomes_of_trouble(self):
        self.assertIn('exit status 3', self.ran('import sys; sys.exit(3)').error)
        self.assertEqual(self.ran('import sys; print("no", file=sys.stderr); sys.exit(77)').skipped, 'no')


class Environment(unittest.TestCase):
    def test_steering_variables_are_not_passed_on(self):
        os.environ['OMP_NUM_THREADS'] = os.environ['RAMIFY_POLICY'] = '1'
        self.assertEqual([k for k in environment({'OMP_PLACES': 'cores'}) if k.startswith(('OMP_', 'RAMIFY_'))],
                         ['OMP_PLACES'])


if __name__ == '__main__':
    unittest.main()
