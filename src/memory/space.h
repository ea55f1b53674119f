/* SPDX-License-Identifier: BSD-3-Clause */
/* What rooms above use of a space beside its public face: the lookup on the submit path. */
#ifndef RMF_MEMORY_SPACE_H
#define RMF_MEMORY_SPACE_H

#include <ramify/memory.h>

/* The tree it was opened over. */
const ramify_tree *rmf_space_tree(const ramify_space *space);

/* As ramify_space_locate; `space` may be NULL, which locates nothing. */
uint32_t rmf_space_locate(const ramify_space *space, const void *address);

#endif
