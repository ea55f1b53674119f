/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks through a topology file before hwloc does: is it one, is it whole, can this hwloc read its version, and do its
 * objects nest as sets of CPUs. A caller thus learns what is wrong and where, hwloc is spared what it would print
 * about, and no number in a damaged file makes it allocate without measure. */
#ifndef RMF_TOPOLOGY_XML_CHECK_H
#define RMF_TOPOLOGY_XML_CHECK_H

#include <stddef.h>
#include <ramify/status.h>

/* name: of the file, for the diagnosis. hwloc_major: newest format version that will be read; 3 and later no longer
 * read 1. Errors: ERR_FORMAT with the line in the text, ERR_RANGE more CPUs than this library handles. */
ramify_status rmf_xml_check(const char *name, const char *text, size_t length, unsigned hwloc_major,
                            ramify_diagnosis *diagnosis);

#endif
