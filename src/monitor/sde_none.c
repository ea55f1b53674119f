/* SPDX-License-Identifier: BSD-3-Clause */
/* Without PAPI's libsde there are no events. */
#include "sde.h"

void rmf_sde_add(rmf_sde_link *link, const rmf_watch *watch)
{
    (void)link, (void)watch;
}

void rmf_sde_remove(rmf_sde_link *link)
{
    (void)link;
}
