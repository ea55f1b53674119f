/* SPDX-License-Identifier: BSD-3-Clause */
/* A trace as an OTF2 archive (Eschweiler et al., "Open Trace Format 2", ParCo 2011), for Vampir, Score-P's tools and
 * otf2-print: a location for each worker in a system tree that is the distribution tree, and one for the samples. Steals
 * and changes of policy are regions without length.
 *
 * The archive is a folder. OTF2 speaks of errors to standard error unless it is given a callback, for the whole
 * process. */
#include "trace_inside.h"
#include "trace_names.h"

#include <errno.h>
#include <otf2/otf2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* OTF2's smallest buffer, for each location. */
enum { CHUNK_BYTES = 256 * 1024 };

/* Texts; names of regions follow behind TEXTS. */
enum {
    TEXT_EMPTY,
    TEXT_PROGRAM,
    TEXT_MACHINE,
    TEXT_VICTIM,
    TEXT_TAKEN,
    TEXT_SEARCHING,
    TEXT_ASLEEP,
    TEXT_LOAD,
    TEXT_WORKERS,
    TEXT_TASKS,
    TEXTS
};
enum { VICTIM, TAKEN };           /* attributes */
enum { SEARCHING, ASLEEP, LOAD }; /* metric members, in this order in the one class */

typedef struct region {
    uint8_t  kind;
    uint64_t what;
} region;

typedef struct writer {
    const rmf_trace_view *view;
    OTF2_Archive         *archive;
    OTF2_EvtWriter      **events; /* [lane] */
    uint64_t             *counts; /* [lane] */
    region               *regions;
    uint32_t              region_count, region_room;
    OTF2_AttributeList   *attributes;
    uint64_t              searching, asleep;
    bool                  failed;
    char                  trouble[200]; /* what OTF2 said first */
} writer;

static OTF2_FlushType flush_always(void *self, OTF2_FileType type, OTF2_LocationRef location, void *caller, bool final)
{
    (void)self, (void)type, (void)location, (void)caller, (void) final;
    return OTF2_FLUSH;
}

static const OTF2_FlushCallbacks flush = { .otf2_pre_flush = flush_always, .otf2_post_flush = NULL };

static OTF2_ErrorCode keep_error(void *self, const char *file, uint64_t line, const char *function, OTF2_ErrorCode code,
                                 const char *format, va_list arguments)
{
    writer *w = self;
    (void)file, (void)line, (void)function, (void)format, (void)arguments;
    if (!w->trouble[0])
        snprintf(w->trouble, sizeof w->trouble, "%s", OTF2_Error_GetDescription(code));
    return code;
}

static void check(writer *w, OTF2_ErrorCode code)
{
    w->failed |= code != OTF2_SUCCESS;
}

/* The number of a region, new ones last; programs have dozens. */
static uint32_t region_of(writer *w, const rmf_trace_event *e)
{
    bool     has_own = e->kind == RMF_TRACE_TASK || e->kind == RMF_TRACE_FORK || e->kind == RMF_TRACE_REGION ||
                   e->kind == RMF_TRACE_PLAN;
    uint64_t what    = has_own ? e->what : 0;
    if (e->kind == RMF_TRACE_PLAN && !rmf_plan_text_of(&w->view->plans, what))
        what = UINT64_MAX; /* one for all whose text is gone */
    for (uint32_t i = 0; i < w->region_count; i++)
        if (w->regions[i].kind == e->kind && w->regions[i].what == what)
            return i;
    if (w->region_count == w->region_room) {
        uint32_t room = w->region_room ? 2 * w->region_room : 32;
        region  *more = realloc(w->regions, room * sizeof *more);
        if (!more) {
            w->failed = true;
            return 0;
        }
        w->regions     = more;
        w->region_room = room;
    }
    w->regions[w->region_count] = (region){ e->kind, what };
    return w->region_count++;
}

static void write_steal(writer *w, const rmf_trace_step *step)
{
    OTF2_EvtWriter *events = w->events[step->lane];
    uint32_t        number = region_of(w, step->event);
    OTF2_AttributeList_AddUint32(w->attributes, VICTIM, step->event->index);
    OTF2_AttributeList_AddUint64(w->attributes, TAKEN, step->event->what);
    check(w, OTF2_EvtWriter_Enter(events, w->attributes, step->ns, number)); /* empties the list */
    check(w, OTF2_EvtWriter_Leave(events, NULL, step->ns, number));
    w->counts[step->lane] += 2;
}

static void write_plan(writer *w, uint32_t lane, uint64_t ns, const rmf_trace_event *e)
{
    uint32_t number = region_of(w, e);
    check(w, OTF2_EvtWriter_Enter(w->events[lane], NULL, ns, number));
    check(w, OTF2_EvtWriter_Leave(w->events[lane], NULL, ns, number));
    w->counts[lane] += 2;
}

static void write_sample(writer *w, const rmf_trace_step *step)
{
    const rmf_trace_event *e = step->event;
    if (e->kind == RMF_TRACE_IDLE) { /* the load of the root follows */
        w->searching = e->what;
        w->asleep    = e->since;
    }
    if (e->kind != RMF_TRACE_LOAD || e->index != 0)
        return;
    const OTF2_Type        types[]  = { OTF2_TYPE_UINT64, OTF2_TYPE_UINT64, OTF2_TYPE_UINT64 };
    const OTF2_MetricValue values[] = { { .unsigned_int = w->searching },
                                        { .unsigned_int = w->asleep },
                                        { .unsigned_int = e->what } };
    check(w, OTF2_EvtWriter_Metric(w->events[step->lane], NULL, step->ns, 0, 3, types, values));
    w->counts[step->lane]++;
}

static void write_step(void *self, const rmf_trace_step *step)
{
    writer *w = self;
    if (step->event->kind == RMF_TRACE_STEAL)
        write_steal(w, step);
    else if (step->event->kind == RMF_TRACE_PLAN)
        write_plan(w, step->lane, step->ns, step->event);
    else if (step->phase == RMF_TRACE_POINT)
        write_sample(w, step);
    else {
        uint32_t number = region_of(w, step->event);
        check(w, step->phase == RMF_TRACE_BEGIN ? OTF2_EvtWriter_Enter(w->events[step->lane], NULL, step->ns, number)
                                                : OTF2_EvtWriter_Leave(w->events[step->lane], NULL, step->ns, number));
        w->counts[step->lane]++;
    }
}

static void define_texts(writer *w, OTF2_GlobalDefWriter *defs, rmf_trace_names *names)
{
    const char *const texts[TEXTS] = { "",
                                       program_invocation_short_name,
                                       ramify_tree_source(w->view->trace->tree),
                                       "victim",
                                       "tasks taken",
                                       "searching workers",
                                       "sleeping workers",
                                       "queued and running",
                                       "workers",
                                       "tasks" };
    for (uint32_t i = 0; i < TEXTS; i++)
        check(w, OTF2_GlobalDefWriter_WriteString(defs, i, texts[i]));
    for (uint32_t i = 0; i < w->region_count; i++) {
        const region *r    = &w->regions[i];
        const char   *name = rmf_trace_kind_name((rmf_trace_kind)r->kind);
        if (r->kind == RMF_TRACE_TASK || r->kind == RMF_TRACE_FORK)
            name = rmf_trace_name_of(names, r->what);
        else if (r->kind == RMF_TRACE_REGION)
            name = (const char *)(uintptr_t)r->what;
        char plan[200];
        if (r->kind == RMF_TRACE_PLAN) {
            snprintf(plan, sizeof plan, "plan: %s", rmf_trace_plan(w->view, r->what));
            name = plan;
        }
        OTF2_RegionRole role =
            r->kind == RMF_TRACE_TASK || r->kind == RMF_TRACE_FORK ? OTF2_REGION_ROLE_TASK : OTF2_REGION_ROLE_UNKNOWN;
        check(w, OTF2_GlobalDefWriter_WriteString(defs, TEXTS + i, name));
        check(w, OTF2_GlobalDefWriter_WriteRegion(defs, i, TEXTS + i, TEXTS + i, TEXT_EMPTY, role, OTF2_PARADIGM_USER,
                                                  OTF2_REGION_FLAG_NONE, TEXT_EMPTY, 0, 0));
    }
}

/* Domains are the system tree; their names follow behind those of the regions, those of locations behind them. */
static void define_places(writer *w, OTF2_GlobalDefWriter *defs)
{
    const ramify_tree   *tree = w->view->trace->tree;
    uint32_t             count, text = TEXTS + w->region_count, lanes = w->view->trace->lanes;
    const ramify_domain *domains = ramify_tree_domains(tree, &count);
    char                 name[128];
    for (uint32_t d = 0; d < count; d++, text++) {
        rmf_trace_place(tree, d, name, sizeof name);
        check(w, OTF2_GlobalDefWriter_WriteString(defs, text, *name ? name : "node"));
        check(w, OTF2_GlobalDefWriter_WriteSystemTreeNode(
                     defs, d, text, TEXT_MACHINE,
                     domains[d].parent == RAMIFY_NONE ? OTF2_UNDEFINED_SYSTEM_TREE_NODE : domains[d].parent));
    }
    check(w, OTF2_GlobalDefWriter_WriteLocationGroup(defs, 0, TEXT_PROGRAM, OTF2_LOCATION_GROUP_TYPE_PROCESS, 0,
                                                     OTF2_UNDEFINED_LOCATION_GROUP));
    for (uint32_t i = 0; i < lanes; i++, text++) {
        bool is_thread = i + 1 < lanes;
        rmf_trace_lane_name(w->view->trace, i, name, sizeof name);
        check(w, OTF2_GlobalDefWriter_WriteString(defs, text, name));
        check(w, OTF2_GlobalDefWriter_WriteLocation(
                     defs, i, text, is_thread ? OTF2_LOCATION_TYPE_CPU_THREAD : OTF2_LOCATION_TYPE_METRIC, w->counts[i],
                     0));
    }
}

static void define_metrics(writer *w, OTF2_GlobalDefWriter *defs)
{
    static const uint32_t      texts[]   = { TEXT_SEARCHING, TEXT_ASLEEP, TEXT_LOAD };
    const OTF2_MetricMemberRef members[] = { SEARCHING, ASLEEP, LOAD };
    check(w, OTF2_GlobalDefWriter_WriteAttribute(defs, VICTIM, TEXT_VICTIM, TEXT_EMPTY, OTF2_TYPE_UINT32));
    check(w, OTF2_GlobalDefWriter_WriteAttribute(defs, TAKEN, TEXT_TAKEN, TEXT_EMPTY, OTF2_TYPE_UINT64));
    for (uint32_t i = 0; i < 3; i++)
        check(w, OTF2_GlobalDefWriter_WriteMetricMember(defs, i, texts[i], TEXT_EMPTY, OTF2_METRIC_TYPE_USER,
                                                        OTF2_METRIC_ABSOLUTE_POINT, OTF2_TYPE_UINT64, OTF2_BASE_DECIMAL,
                                                        0, i == LOAD ? TEXT_TASKS : TEXT_WORKERS));
    check(w,
          OTF2_GlobalDefWriter_WriteMetricClass(defs, 0, 3, members, OTF2_METRIC_ASYNCHRONOUS, OTF2_RECORDER_KIND_CPU));
}

static void write_definitions(writer *w)
{
    const rmf_trace_view *view  = w->view;
    rmf_trace_names      *names = rmf_trace_names_make();
    OTF2_GlobalDefWriter *defs  = OTF2_Archive_GetGlobalDefWriter(w->archive);
    uint64_t length             = (uint64_t)((double)(view->until_ticks - view->from_ticks) * view->trace->ns_per_tick);
    w->failed |= !defs;
    if (defs) {
        check(w, OTF2_GlobalDefWriter_WriteClockProperties(defs, 1000000000u, 0, length + 1, OTF2_UNDEFINED_TIMESTAMP));
        define_texts(w, defs, names);
        define_metrics(w, defs);
        define_places(w, defs);
    }
    rmf_trace_names_drop(names);
}

static ramify_status write_events(writer *w)
{
    uint32_t lanes = w->view->trace->lanes;
    check(w, OTF2_Archive_OpenEvtFiles(w->archive));
    for (uint32_t i = 0; i < lanes; i++) {
        w->events[i] = OTF2_Archive_GetEvtWriter(w->archive, i);
        w->failed |= !w->events[i];
    }
    if (w->failed)
        return RAMIFY_ERR_SYSTEM;
    const rmf_trace_event first = { .kind = RMF_TRACE_PLAN, .what = w->view->trace->first_plan };
    write_plan(w, 0, 0, &first);
    ramify_status status = rmf_trace_walk(w->view, write_step, w);
    for (uint32_t i = 0; i < lanes; i++)
        check(w, OTF2_Archive_CloseEvtWriter(w->archive, w->events[i]));
    check(w, OTF2_Archive_CloseEvtFiles(w->archive));
    return status;
}

/* Definitions of single locations, which readers want although all stands in the global ones. */
static void write_local_definitions(writer *w)
{
    check(w, OTF2_Archive_OpenDefFiles(w->archive));
    for (uint32_t i = 0; i < w->view->trace->lanes; i++) {
        OTF2_DefWriter *defs = OTF2_Archive_GetDefWriter(w->archive, i);
        w->failed |= !defs;
        if (defs)
            check(w, OTF2_Archive_CloseDefWriter(w->archive, defs));
    }
    check(w, OTF2_Archive_CloseDefFiles(w->archive));
}

ramify_status rmf_trace_write_otf2(const rmf_trace_view *view, const char *path, ramify_diagnosis *diagnosis)
{
    writer        w      = { .view = view };
    ramify_status status = RAMIFY_ERR_NO_MEMORY;
    if (access(path, F_OK) == 0)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYSTEM, 0, "%s is there already: OTF2 writes no archive over another",
                            path);
    w.events                  = calloc(view->trace->lanes, sizeof(OTF2_EvtWriter *));
    w.counts                  = calloc(view->trace->lanes, sizeof *w.counts);
    w.attributes              = OTF2_AttributeList_New();
    OTF2_ErrorCallback before = OTF2_Error_RegisterCallback(keep_error, &w);
    if (w.events && w.counts && w.attributes) {
        w.archive = OTF2_Archive_Open(path, "ramify", OTF2_FILEMODE_WRITE, CHUNK_BYTES, CHUNK_BYTES,
                                      OTF2_SUBSTRATE_POSIX, OTF2_COMPRESSION_NONE);
        status    = w.archive ? RAMIFY_OK : RAMIFY_ERR_SYSTEM;
    }
    if (w.archive) {
        check(&w, OTF2_Archive_SetFlushCallbacks(w.archive, &flush, NULL));
        check(&w, OTF2_Archive_SetSerialCollectiveCallbacks(w.archive));
        status = write_events(&w);
        write_local_definitions(&w);
        write_definitions(&w);
        check(&w, OTF2_Archive_Close(w.archive));
    }
    OTF2_Error_RegisterCallback(before, NULL);
    OTF2_AttributeList_Delete(w.attributes);
    free(w.events);
    free(w.counts);
    free(w.regions);
    if (w.failed || status == RAMIFY_ERR_SYSTEM)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_SYSTEM, 0, "%s: the trace could not be written: OTF2 says: %s", path,
                            w.trouble[0] ? w.trouble : "no reason");
    return status;
}
