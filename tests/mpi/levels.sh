#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs a program at every thread level of MPI, two ranks on this node that the launcher binds nowhere.
#   levels.sh COMPILER LAUNCHER INCLUDE_DIR LIBRARY_DIR WORK_DIR
set -euo pipefail
compiler=$1 launcher=$2 include=$3 library=$4 work=$5
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for program in "$compiler" "$launcher"; do
    command -v "$program" >/dev/null || { echo "not run: $program is not here"; exit 77; }
done
mkdir -p "$work"
"$compiler" -O1 -g -Wall -Wextra -Wno-stringop-overflow -D_GNU_SOURCE -I"$include" "$here/mpi_levels.c" -o "$work/mpi_levels" -L"$library" \
    -lramify -Wl,-rpath,"$library" -pthread
# Open MPI refuses root, and more ranks than cores, unless told; MPICH knows neither variable.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_btl_vader_single_copy_mechanism=none
for level in 0 1 2 3; do
    timeout 60 "$launcher" -n 2 "$work/mpi_levels" $level
done
echo "4 levels, 2 ranks: $("$compiler" -show 2>/dev/null | head -c 60)..."
