/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for the hwloc source where hwloc is not built in: every question is answered with ERR_NOT_BUILT. */
#include "source.h"

static ramify_status discover(const rmf_source_request *request, rmf_machine **machine)
{
    (void)machine;
    return rmf_diagnose(request->diagnosis, RAMIFY_ERR_NOT_BUILT, 0, "%s%sthis library was built without hwloc",
                        request->text ? request->text : "", request->text ? ": " : "");
}

const rmf_source rmf_source_hwloc = { "hwloc", discover };
