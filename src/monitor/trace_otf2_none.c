/* SPDX-License-Identifier: BSD-3-Clause */
/* Traces without OTF2. */
#include "trace_inside.h"

ramify_status rmf_trace_write_otf2(const rmf_trace_view *view, const char *path, ramify_diagnosis *diagnosis)
{
    (void)view;
    return rmf_diagnose(diagnosis, RAMIFY_ERR_NOT_BUILT, 0,
                        "%s: OTF2 is not built in: configure with -DRAMIFY_OTF2=ON, or write JSON or Paje", path);
}
