#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows every check of style.py a small tree that breaks its rule, and one that keeps it."""
import os
import tempfile
import unittest

import csource
import style

OPENING = '/* SPDX-License-Identifier: BSD-3-Clause */\n/* What this file is. */\n'


def found_by(check, files):
    """What a check says about a tree of {path: text}; texts of C files get a proper opening unless they have one."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            if path.endswith(('.c', '.h')) and check is not style.check_file_headers:
                text = OPENING + text
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
                file.write(text)
        return [f'{path}:{line}: {what}' for path, line, what in check(style.Tree(root))]


class Checks(unittest.TestCase):
    def breaks(self, check, files, words):
        found = found_by(check, files)
        self.assertTrue(any(words in one for one in found), f'"{words}" is not in {found}')

    def keeps(self, check, files):
        self.assertEqual(found_by(check, files), [])

    def test_file_headers(self):
        self.keeps(style.check_file_headers, {'src/base/a.c': OPENING})
        self.keeps(style.check_file_headers, {'src/base/a.c': '/* SPDX-License-Identifier: BSD-3-Clause\n * It. */\n'})
        self.breaks(style.check_file_headers, {'src/base/a.c': '/* What this is. */\n'}, 'SPDX')
        self.breaks(style.check_file_headers, {'src/base/a.c': OPENING.split('\n')[0] + '\nint x;\n'}, 'opens with 1')
        self.breaks(style.check_file_headers,
                    {'src/base/a.c': OPENING.split('\n')[0] + '\n/* x' + '\n * x' * 15 + ' */\n'}, 'opens with 17')
        self.keeps(style.check_file_headers,
                   {'include/ramify/a.h': OPENING.split('\n')[0] + '\n/* x' + '\n * x' * 15 + ' */\n'})

    def test_sizes(self):
        self.keeps(style.check_sizes, {'src/base/a.c': 'int x;\n' * 598})
        self.breaks(style.check_sizes, {'src/base/a.c': 'int x;\n' * 599}, '601 lines')
        self.breaks(style.check_sizes, {'tests/house/a.py': 'x\n' * 601}, '601 lines')
        self.breaks(style.check_sizes, {'src/queue/README.md': 'x\n' * 61}, 'at most 60')

    def test_function_lengths(self):
        def function(name, lines):
            return f'static int {name}(int a)\n{{\n' + '    a++;\n' * (lines - 3) + '}\n'
        self.keeps(style.check_functions, {'src/base/a.c': function('f', 100) + function('g', 3) * 20})
        self.breaks(style.check_functions, {'src/base/a.c': function('f', 101) + function('g', 3) * 20}, 'f has 101')
        self.breaks(style.check_functions, {'src/base/a.c': function('f', 31) * 2 + function('g', 3) * 8}, 'one function')

    def test_unique_names(self):
        self.keeps(style.check_unique_names, {'src/base/a.c': '', 'src/queue/b.c': '', 'src/base/CMakeLists.txt': '',
                                              'src/queue/CMakeLists.txt': ''})
        self.breaks(style.check_unique_names, {'src/base/a.c': '', 'src/queue/a.c': ''}, 'second file named a.c')

    def test_include_direction(self):
        low, high = 'src/queue/deque.h', 'src/workers/worker.h'
        self.keeps(style.check_includes, {low: '', high: '#include "deque.h"\n'})
        self.keeps(style.check_includes, {'src/base/log.h': '', high: '#include "log.h"\n'})  # not only the next one down
        self.breaks(style.check_includes, {high: '', low: '#include "worker.h"\n'}, 'src/workers, which src/queue may not')
        self.breaks(style.check_includes, {'src/queue/q.h': '', 'topology/t.c': '#include "q.h"\n'}, 'may not use')
        self.breaks(style.check_includes, {low: '', high: '#include "../queue/deque.h"\n'}, 'no ../')
        self.breaks(style.check_includes, {low: '', 'src/cli/main.c': '#include "deque.h"\n'}, 'which src/cli may not')
        self.breaks(style.check_includes, {low: '', 'bench/fib.c': '#include "deque.h"\n'}, 'which bench may not')
        self.breaks(style.check_includes, {high: '#include "gone.h"\n'}, 'is nowhere')
        self.keeps(style.check_includes, {'bench/layer/layer.h': '', 'bench/kernels/fib.c': '#include "layer.h"\n'})
        self.keeps(style.check_includes, {low: '', 'tests/queue/test_deque.c': '#include "deque.h"\n'})

    def test_third_party_includes(self):
        self.keeps(style.check_includes, {'topology/t.c': '#include <hwloc.h>\n', 'src/memory/m.c': '#include <numa.h>\n'})
        self.breaks(style.check_includes, {'src/base/a.c': '#include <hwloc.h>\n'}, '<hwloc.h> is only for topology')
        self.breaks(style.check_includes, {'topology/t.c': '#include <numaif.h>\n'}, 'only for src/memory')
        self.breaks(style.check_includes, {'src/base/a.c': '#  include <papi.h>\n'}, 'only for src/monitor')
        self.keeps(style.check_includes, {'src/base/a.c': '/* no\n#include <papi.h>\n*/\n'})

    def test_public_includes(self):
        self.keeps(style.check_includes, {'include/ramify/a.h': '#include <stdint.h>\n#include <ramify/b.h>\n'})
        self.breaks(style.check_includes, {'include/ramify/a.h': '#include <stdio.h>\n'}, 'a public header includes only')
        self.breaks(style.check_includes, {'include/ramify/a.h': '#include <hwloc.h>\n'}, 'a public header includes only')

    def test_forbidden_calls(self):
        for call, words in [('getenv("X")', 'getenv'), ('printf("x")', 'prints nothing'), ('abort()', 'never ends'),
                            ('fprintf(stderr, "x")', 'prints nothing'), ('exit(1)', 'never ends'),
                            ('assert(x)', 'never ends'), ('atomic_load_explicit(&x, 0)', 'atomics only'),
                            ('__sync_synchronize()', 'atomics only'), ('__atomic_load_n(&x, 0)', 'atomics only'),
                            ('atomic_thread_fence(memory_order_seq_cst)', 'atomics only'), ('_mm_mfence()', 'fences')]:
            self.breaks(style.check_forbidden_calls, {'src/queue/a.c': f'void f(void) {{ {call}; }}\n'}, words)
            self.keeps(style.check_forbidden_calls, {'src/queue/a.c': f'/* {call} */\nconst char *x = "abort()";\n'})
        self.breaks(style.check_forbidden_calls, {'src/queue/a.c': '#include <stdatomic.h>\n'}, 'atomics only')
        self.keeps(style.check_forbidden_calls, {'src/base/options.c': 'char *f(void) { return getenv("X"); }\n',
                                                 'src/queue/a.c': 'int f(char *t) { return snprintf(t, 1, "x"); }\n',
                                                 'src/cli/main.c': 'int main(void) { printf("x"); exit(0); }\n',
                                                 'src/base/atomics.h': '#include <stdatomic.h>\n'})

    def test_orders(self):
        use = 'x = rmf_load_acquire(&p);\n'
        bare = {'src/queue/a.c': use}
        self.breaks(style.check_orders, bare, 'rmf_load_acquire without')
        for operation in ('rmf_cas_relaxed(&p, &e, 1)', 'rmf_store_release(&p, 1)', 'rmf_add_seq_cst(&p, 1)',
                          'rmf_swap_acq_rel(&p, 1)', 'rmf_and_release(&p, 1)'):
            self.breaks(style.check_orders, {'src/queue/a.c': operation + ';\n'}, 'without an `order:`')
        self.breaks(style.check_orders, {'include/ramify/fork.h': '__atomic_load_n(&p, __ATOMIC_ACQUIRE);\n'}, 'without')
        self.keeps(style.check_orders, {'include/ramify/fork.h': '__atomic_load_n(&p, __ATOMIC_RELAXED);\n'})
        self.keeps(style.check_orders, {'src/queue/a.c': '/* order: pairs with push */\n' + use})
        self.keeps(style.check_orders, {'src/queue/a.c': 'x = rmf_load_acquire(&p); /* order: pairs with push */\n'})
        self.keeps(style.check_orders, {'src/queue/a.c': '/* order: pairs with push */\n' + use * 9})
        self.breaks(style.check_orders, {'src/queue/a.c': '/* order: x */\n' + '\n' * 3 + use}, 'without')
        self.breaks(style.check_orders, {'src/queue/a.c': 'const char *order = "order:";\n' + use}, 'without')
        self.keeps(style.check_orders, {'src/queue/a.c': 'rmf_add_relaxed(&p, 1);\nrmf_count(&p, 1);\n'})

    def test_public_docs(self):
        good = '/* Does it.\n *\n * Threads: any. Errors: none. Cost: O(1). */\nRAMIFY_API ramify_status ramify_do(int a);\n'
        self.keeps(style.check_public_docs, {'include/ramify/a.h': good})
        for field in ('Threads:', 'Errors:', 'Cost:'):
            self.breaks(style.check_public_docs, {'include/ramify/a.h': good.replace(field, '')}, f'"{field}"')
        self.breaks(style.check_public_docs, {'include/ramify/a.h': good.replace('*/\n', '*/\n\n')}, 'no doc block')
        self.breaks(style.check_public_docs,
                    {'include/ramify/a.h': good.replace('int a', 'int a,\n  thing **t')}, '"Ownership:"')
        self.breaks(style.check_public_docs,
                    {'include/ramify/a.h': good.replace('ramify_status', 'const char *')}, '"Ownership:"')
        self.keeps(style.check_public_docs,
                   {'include/ramify/a.h': '/* Slow path. Not for direct use. */\nRAMIFY_API void ramify_x_slow(int a);\n'})
        borrowed = '/* It.\n * Otherwise as ramify_do. */\nRAMIFY_NODISCARD RAMIFY_API ramify_status ramify_all(int a);\n'
        self.keeps(style.check_public_docs, {'include/ramify/a.h': good + borrowed})
        self.breaks(style.check_public_docs, {'include/ramify/a.h': borrowed}, 'ramify_all does not say')

    def test_leftovers(self):
        self.breaks(style.check_leftovers, {'src/base/a.c': '/* TO' 'DO: later */\n'}, 'do it or drop it')
        self.keeps(style.check_leftovers, {'src/base/a.c': '/* todos and hacking are words */\n'})


class Source(unittest.TestCase):
    def test_functions_are_found_with_their_lines(self):
        text = ('extern "C" {\nenum { A = 1 };\nstruct s { int (*f)(int a); };\nstatic struct s table[] = {\n  { g },\n};\n'
                '#define MACRO(x) \\\n  do { f(x); } while (0)\n'
                '__attribute__((cold)) static int first(int a,\n                 int b)\n{\n'
                '    if (a) { return \'{\'; } /* } */\n    return b;\n}\nstatic inline int second(void) { return 2; }\n}\n')
        self.assertEqual([(f.name, f.first, f.last) for f in csource.functions(text)],
                         [('first', 9, 14), ('second', 15, 15)])

    def test_declarations_span_lines(self):
        text = ('/* RAMIFY_API int no(void); */\nRAMIFY_API const char *\nramify_a(int x,\n         int y);\n'
                'static inline int b(void) { return 0; }\nRAMIFY_NODISCARD RAMIFY_API ramify_status ramify_c(void);\n')
        self.assertEqual([(d.name, d.first, d.returns) for d in csource.declarations(text)],
                         [('ramify_a', 2, 'const char *'), ('ramify_c', 6, 'ramify_status')])


if __name__ == '__main__':
    unittest.main()
