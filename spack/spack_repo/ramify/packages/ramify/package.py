# SPDX-License-Identifier: BSD-3-Clause
"""Ramify for Spack 1.x, and for 0.22 and 0.23. The recipe lies in the source tree and builds the clone it lies in."""
import pathlib

try:
    from spack_repo.builtin.build_systems.cmake import CMakePackage
except ImportError:  # before Spack 1.0 the class is among what spack.package brings
    pass

from spack.package import *


class Ramify(CMakePackage):
    """Ramify places and balances parallel work along the tree of sockets, NUMA nodes, caches and cores of a machine."""

    git = pathlib.Path(__file__).resolve().parents[5].as_uri()

    license("BSD-3-Clause", checked_by="the project")

    version("main", branch="main")

    variant("shared", default=True, description="Build a shared library")
    variant("hwloc", default=True, description="Discover machines with hwloc; without it every machine is flat")
    variant("numa", default=True, description="Bind, find and move pages through libnuma; without it the system places them")
    variant("papi", default=True, description="Count hardware events with PAPI; without it perf_event_open does")
    variant("sde", default=False, description="Offer what is counted as software-defined events of PAPI")
    variant("otf2", default=False, description="Write traces as OTF2 archives too")
    variant("jansson", default=True, description="`ramify report` reads traces and metrics with jansson")
    variant("ncurses", default=True, description="`ramify top` in a terminal with ncurses; without it, as text")
    variant("bench", default=False, description="Build the benchmarks, which compare with OpenMP and oneTBB")

    depends_on("c", type="build")
    depends_on("cxx", type="build", when="+bench")
    depends_on("cxx", type="test")
    depends_on("cmake@3.22:", type="build")
    depends_on("pkgconfig", type=("build", "test"))
    depends_on("hwloc@2.9:", when="+hwloc")
    depends_on("numactl", when="+numa")
    depends_on("papi", when="+papi")
    depends_on("papi@7:+sde", when="+sde")
    depends_on("otf2@2.2:", when="+otf2")
    depends_on("jansson", when="+jansson")
    depends_on("ncurses", when="+ncurses")
    depends_on("tbb", when="+bench")
    depends_on("cmocka", type="test")
    depends_on("python@3.7:", type="test")

    conflicts("platform=darwin", msg="Ramify needs Linux: futexes, cgroups, CPU affinity")
    conflicts("platform=windows", msg="Ramify needs Linux: futexes, cgroups, CPU affinity")

    def cmake_args(self):
        return [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("RAMIFY_HWLOC", "hwloc"),
            self.define_from_variant("RAMIFY_NUMA", "numa"),
            self.define_from_variant("RAMIFY_PAPI", "papi"),
            self.define_from_variant("RAMIFY_SDE", "sde"),
            self.define_from_variant("RAMIFY_OTF2", "otf2"),
            self.define_from_variant("RAMIFY_JANSSON", "jansson"),
            self.define_from_variant("RAMIFY_NCURSES", "ncurses"),
            self.define_from_variant("RAMIFY_BENCH", "bench"),
            self.define("RAMIFY_TESTS", self.run_tests),
        ]
