/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving, taking and taking back at a door; the argument is in door.h. */
#include "door.h"

ramify_fork *rmf_door_take_owner(rmf_door *door)
{
    uintptr_t seen = rmf_load_relaxed(&door->word);
    if (seen == RMF_DOOR_OPEN)
        return NULL;
    /* order: the fork's contents; pairs with rmf_door_give_any */
    if (seen != RMF_DOOR_CLOSED && rmf_cas_acquire(&door->word, &seen, RMF_DOOR_CLOSED))
        return (ramify_fork *)seen; /* NOLINT: was one when it was given */
    rmf_store_relaxed(&door->word, RMF_DOOR_OPEN);
    return NULL;
}

bool rmf_door_close_owner(rmf_door *door)
{
    uintptr_t seen = RMF_DOOR_OPEN;
    /* order: relaxed; whoever finds it closed does nothing */
    return rmf_cas_relaxed(&door->word, &seen, RMF_DOOR_CLOSED) || seen == RMF_DOOR_CLOSED;
}

bool rmf_door_give_any(rmf_door *door, ramify_fork *fork)
{
    uintptr_t seen = RMF_DOOR_OPEN;
    /* order: publishes the fork; pairs with rmf_door_take_owner */
    return rmf_cas_acq_rel(&door->word, &seen, (uintptr_t)fork);
}

bool rmf_door_return_any(rmf_door *door, const ramify_fork *fork)
{
    uintptr_t seen = rmf_load_relaxed(&door->word);
    /* order: relaxed; the giver wrote the fork itself */
    return seen == (uintptr_t)fork && rmf_cas_relaxed(&door->word, &seen, RMF_DOOR_CLOSED);
}
