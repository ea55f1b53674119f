/* SPDX-License-Identifier: BSD-3-Clause */
/* Listing shared views in a directory of choice. */
#ifndef RMF_MONITOR_SHARED_READER_H
#define RMF_MONITOR_SHARED_READER_H

#include <ramify/view.h>

/* As ramify_view_list. */
ramify_status rmf_view_list(const char *directory, ramify_view_entry *entries, uint32_t most, uint32_t *count);

#endif
