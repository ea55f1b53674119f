/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes away the atomic operations' names, for headers that give them another meaning: exploration and simulation. */
#include "atomics.h"

#undef rmf_load_relaxed
#undef rmf_load_acquire
#undef rmf_load_seq_cst
#undef rmf_store_relaxed
#undef rmf_store_release
#undef rmf_store_seq_cst
#undef rmf_add_relaxed
#undef rmf_add_acq_rel
#undef rmf_add_seq_cst
#undef rmf_sub_acq_rel
#undef rmf_sub_seq_cst
#undef rmf_or_acq_rel
#undef rmf_or_seq_cst
#undef rmf_and_release
#undef rmf_and_acq_rel
#undef rmf_and_seq_cst
#undef rmf_swap_acq_rel
#undef rmf_swap_seq_cst
#undef rmf_cas_relaxed
#undef rmf_cas_acquire
#undef rmf_cas_acq_rel
#undef rmf_cas_seq_cst
#undef rmf_count
