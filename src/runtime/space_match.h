/* SPDX-License-Identifier: BSD-3-Clause */
/* From the domains of a space's tree to those of a runtime's, where the two trees are not one. */
#ifndef RMF_RUNTIME_SPACE_MATCH_H
#define RMF_RUNTIME_SPACE_MATCH_H

#include <ramify/tree.h>

/* For each domain of `from` the smallest domain of `to` that holds those of its CPUs that `to` has; where it has none
 * of them, the one nearest to its node; RAMIFY_NONE where nothing corresponds, as nothing does unless both trees are of
 * this machine. map: out, to be freed. Errors: ERR_NO_MEMORY. */
ramify_status rmf_space_match(const ramify_tree *from, const ramify_tree *to, uint32_t **map);

#endif
