#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The user's own matrix or edge list: what is right is used, what is wrong gets a sentence with the line's number.

    test_inputs.py BENCH_FOLDER"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HEADER = '%%MatrixMarket matrix coordinate real general\n'
SERIAL = os.path.join(sys.argv.pop(), 'bench-serial')

# Name -> (text, what the sentence must say; the line's number included).
WRONG = {
    'empty': ('', 'the file is empty'),
    'comments alone': ('# nothing\n', 'the file has no edge'),
    'short header': ('%%MatrixMarket matrix coordinate\n', 'line 1: a Matrix Market header has four words'),
    'dense': ('%%MatrixMarket matrix array real general\n2 2\n', 'line 1: matrix array is not read'),
    'complex': ('%%MatrixMarket matrix coordinate complex general\n', 'line 1: values of kind complex'),
    'hermitian': ('%%MatrixMarket matrix coordinate real hermitian\n', 'line 1: hermitian is not read'),
    'no sizes': (HEADER + '% a remark\n', 'line 2: the file ends before the line of sizes'),
    'sizes are words': (HEADER + 'two 2 1\n', 'line 2: the number of rows is not a whole number: two'),
    'no rows': (HEADER + '0 2 1\n', 'line 2: the number of rows is outside'),
    'too large': (HEADER + '4000000000 4000000000 4000000000000\n', 'line 2: 4000000000 rows and 4000000000000 entries need'),
    'row outside': (HEADER + '2 2 1\n3 1 1.0\n', 'line 3: the row is outside 1 to 2: 3'),
    'row zero': (HEADER + '2 2 1\n0 1 1.0\n', 'line 3: the row is outside 1 to 2: 0'),
    'no value': (HEADER + '2 2 1\n\n1 1\n', 'line 4: the entry has no value'),
    'not finite': (HEADER + '2 2 1\n1 1 inf\n', 'line 3: the value is not a finite number'),
    'rest of line': (HEADER + '2 2 1\n1 1 1.0 7\n', 'line 3: more on the line'),
    'too few': (HEADER + '2 2 2\n1 1 1.0\n', 'line 3: the file ends after 1 entries of the 2'),
    'too many': (HEADER + '2 2 1\n1 1 1.0\n2 2 1.0\n', 'line 4: more entries than the 1'),
    'not square': ('%%MatrixMarket matrix coordinate pattern symmetric\n2 3 1\n1 1\n', 'a symmetric matrix is square'),
    'rectangular': (HEADER + '2 3 1\n1 3 1.0\n', 'need a square matrix'),
    'one vertex': ('0 1\n2\n', 'line 2: the second vertex is not a whole number'),
    'negative': ('0 1\n-1 2\n', 'line 2: the first vertex is outside'),
    'huge': ('0 99999999999999999999\n', 'line 1: the second vertex is outside'),
}


def run(kernel, text):
    with tempfile.NamedTemporaryFile('w', suffix='.mtx', encoding='ascii') as file:
        file.write(text)
        file.flush()
        return subprocess.run([SERIAL, kernel, '--input', file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)


class Inputs(unittest.TestCase):
    def test_what_is_wrong_gets_a_sentence(self):
        for name, (text, words) in WRONG.items():
            with self.subTest(name):
                done = run('spmv', text)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stderr.count('\n'), 1, done.stderr)

    def test_a_missing_file(self):
        done = subprocess.run([SERIAL, 'bfs', '--input', '/nonexistent/x'], stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn('/nonexistent/x: No such file', done.stderr)

    def test_other_kernels_take_none(self):
        self.assertEqual(run('fib', '0 1\n').returncode, 2)

    def triangles(self, text):
        done = run('triangles', text)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(json.loads(done.stdout)['check'], 16)

    def test_triangles_of_known_graphs(self):
        complete = [(i, j) for i in range(6) for j in range(i)]
        edges = ''.join(f'{i} {j}\n' for i, j in complete)
        market = f'%%MatrixMarket matrix coordinate pattern symmetric\n6 6 {len(complete)}\n' + ''.join(
            f'{i + 1} {j + 1}\n' for i, j in complete)
        self.assertEqual(self.triangles('# six\n' + edges), 20)          # the complete graph of six: 6 over 3
        self.assertEqual(self.triangles(edges + '0 1\n1 0\n3 3 2.5\n'), 20)  # repetitions, loops and weights change nothing
        self.assertEqual(self.triangles(market), 20)
        self.assertEqual(self.triangles('0 1\n1 2\n2 3\n3 0\n'), 0)

    def test_a_matrix_with_values(self):
        one = run('spmv', HEADER + '3 3 3\n1 1 1\n2 2 1\n3 3 1\n')     # the identity leaves what it is given
        skew = run('spmv', HEADER.replace('general', 'skew-symmetric') + '3 3 1\n3 1 2\n')
        self.assertEqual((one.returncode, skew.returncode), (0, 0), one.stderr + skew.stderr)
        self.assertNotEqual(json.loads(one.stdout)['check'], json.loads(skew.stdout)['check'])


if __name__ == '__main__':
    unittest.main()
