# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the build, the tests and the benchmarks need, and how it gets onto a machine. Sourced by tests/run and bench/run:
#
#     . tests/packages.sh
#     packages_need build parts tests
#
# Each need is probed (a program on the PATH, a header the compiler finds), so that software from modules, Spack or
# /usr/local counts. What is missing comes from apt on Debian and its kin; on other systems, and without the right to
# install, the function says what to install under which name, and returns 1.

# group | probe | Debian, Ubuntu | Fedora, RHEL (dnf) | openSUSE (zypper) | Arch (pacman) | Spack
packages_table() {
    cat <<'TABLE'
build|program:cc|gcc libc6-dev|gcc|gcc|gcc|gcc
build|program:make|make|make|make|make|gmake
build|program:cmake|cmake|cmake|cmake|cmake|cmake
build|program:pkg-config|pkg-config|pkgconf-pkg-config|pkg-config|pkgconf|pkgconf
parts|header:hwloc.h|libhwloc-dev|hwloc-devel|hwloc-devel|hwloc|hwloc
parts|header:numaif.h|libnuma-dev|numactl-devel|libnuma-devel|numactl|numactl
parts|header:papi.h|libpapi-dev|papi-devel|papi-devel|papi|papi
parts|header:sde_lib.h|libpapi-dev|papi-devel|papi-devel|papi|papi+sde
tests|program:papi_native_avail|papi-tools|papi|papi|papi|papi
parts|header:jansson.h|libjansson-dev|jansson-devel|libjansson-devel|jansson|jansson
parts|header:ncurses.h|libncurses-dev|ncurses-devel|ncurses-devel|ncurses|ncurses
tests|header:setjmp.h,stdarg.h,stddef.h,stdint.h,cmocka.h|libcmocka-dev|libcmocka-devel|libcmocka-devel|cmocka|cmocka
tests|program:c++|g++|gcc-c++|gcc-c++|gcc|gcc
tests|program:python3|python3|python3|python3|python|python
tests|program:nm|binutils|binutils|binutils|binutils|binutils
dev|header:otf2/otf2.h|libotf2-trace-dev|otf2-devel|libotf2-devel|otf2|otf2
clang|program:clang|clang|clang|clang|clang|llvm
vm|program:qemu-system-x86_64|qemu-system-x86 qemu-system-data seabios ipxe-qemu|qemu-system-x86|qemu-x86|qemu-system-x86|qemu
vm|program:cpio|cpio|cpio|cpio|cpio|cpio
vm|program:modprobe|kmod|kmod|kmod|kmod|kmod
vm|program:python3|python3|python3|python3|python|python
vm|program:xz|xz-utils|xz|xz|xz|xz
vm-arm|program:qemu-system-aarch64|qemu-system-arm qemu-system-data ipxe-qemu|qemu-system-aarch64|qemu-arm|qemu-system-aarch64|qemu
vm-arm|program:aarch64-linux-gnu-gcc|gcc-aarch64-linux-gnu libc6-dev-arm64-cross|gcc-aarch64-linux-gnu|cross-aarch64-gcc12|aarch64-linux-gnu-gcc|gcc
vm-arm|program:fdtput|device-tree-compiler|dtc|dtc|dtc|dtc
vm-arm|program:cpio|cpio|cpio|cpio|cpio|cpio
vm-arm|program:modprobe|kmod|kmod|kmod|kmod|kmod
vm-arm|program:python3|python3|python3|python3|python|python
vm-arm|program:xz|xz-utils|xz|xz|xz|xz
coverage|program:gcovr|gcovr|gcovr|python3-gcovr|gcovr|py-gcovr
bench|program:c++|g++|gcc-c++|gcc-c++|gcc|gcc
bench|program:clang|clang|clang|clang|clang|llvm
bench|libomp:clang|libomp-dev|libomp-devel|libomp-devel|openmp|llvm
bench|header++:tbb/version.h|libtbb-dev|tbb-devel|tbb-devel|onetbb|intel-tbb
bench|program:gnuplot|gnuplot-nox|gnuplot|gnuplot|gnuplot|gnuplot
profile|program:perf|linux-perf|perf|perf|perf|linux-perf
profile|program:valgrind|valgrind|valgrind|valgrind|valgrind|valgrind
TABLE
}

# packages_probe KIND:WHAT: true when it is there.
packages_probe() {
    local what=${1#*:} names lines
    IFS=, read -ra names <<<"$what"
    lines=$(printf '#include <%s>\n' "${names[@]}")
    case $1 in
    program:*) command -v "$what" >/dev/null ;;
    header:*) "${CC:-cc}" -E -x c - <<<"$lines" >/dev/null 2>&1 ;;
    header++:*) "${CXX:-c++}" -E -x c++ - <<<"$lines" >/dev/null 2>&1 ;;
    libomp:*) "$what" -fopenmp=libomp -x c - -o /dev/null <<<'int main(void) { return 0; }' >/dev/null 2>&1 ;;
    *) return 1 ;;
    esac
}

# packages_missing COLUMN GROUP...: the names in that column of what is missing, each once, on one line.
packages_missing() {
    local column=$1 group probe names
    shift
    while IFS='|' read -r group probe names; do
        case " $* " in *" $group "*) ;; *) continue ;; esac
        packages_probe "$probe" || cut -d'|' -f"$column" <<<"$group|$probe|$names"
    done < <(packages_table) | tr ' ' '\n' | awk 'NF && !seen[$0]++' | paste -sd' ' -
}

# packages_advise GROUP...: says how to install by hand what is missing.
packages_advise() {
    echo "Missing, and not installed from here. With the rights of an administrator:"
    echo "    Debian, Ubuntu:  apt-get install $(packages_missing 3 "$@")"
    echo "    Fedora, RHEL:    dnf install $(packages_missing 4 "$@")"
    echo "    openSUSE:        zypper install $(packages_missing 5 "$@")"
    echo "    Arch:            pacman -S $(packages_missing 6 "$@")"
    echo "or, without them, with Spack (https://spack.io):"
    echo "    spack install $(packages_missing 7 "$@") && spack load $(packages_missing 7 "$@")"
}

# packages_apt COMMAND...: apt-get with the right to install, from root or sudo (which may ask on the terminal); 127 when
# there is no such right.
packages_apt() {
    local apt=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
    if [ "$(id -u)" = 0 ]; then
        "${apt[@]}" "$@"
    elif command -v sudo >/dev/null && { sudo -n true || : </dev/tty; } 2>/dev/null; then
        sudo "${apt[@]}" "$@"
    else
        return 127
    fi
}

# packages_need GROUP...: installs what is missing of these groups, or says how and returns 1.
packages_need() {
    local missing log
    missing=$(packages_missing 3 "$@")
    if [ -z "$missing" ]; then
        echo "-- install: nothing is missing"
        return 0
    fi
    echo "-- install: missing: $missing"
    if ! command -v apt-get >/dev/null; then
        packages_advise "$@"
        return 1
    fi
    log=$(mktemp "${TMPDIR:-/tmp}/ramify-install.XXXXXX")
    # An update that fails for one of many sources may still have brought what is needed: the install decides.
    # shellcheck disable=SC2086 # a list of names
    if { packages_apt update; packages_apt install -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        tail -n 20 "$log"
        rm -f "$log"
        packages_advise "$@"
        return 1
    fi
    missing=$(packages_missing 3 "$@")
    [ -z "$missing" ] || { echo "-- install: apt installed it, yet the compiler or the PATH does not show: $missing"; return 1; }
}
