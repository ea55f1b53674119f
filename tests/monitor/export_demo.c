/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs some tasks and prints a snapshot: `export_demo json|csv|prometheus [LOCALE]`. What checks the output is
 * check_exports.py. */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <ramify/ramify.h>

static void nothing(void *unused)
{
    (void)unused;
}

static int print(ramify_runtime *rt, ramify_metrics_format format)
{
    ramify_group       *group;
    ramify_snapshot    *snapshot;
    ramify_code_region *region;
    char               *text;
    if (ramify_group_create(rt, NULL, &group) || ramify_region_define(rt, "a \"region\" \\ of, main", &region))
        return 1;
    (void)ramify_region_begin(region);
    for (int i = 0; i < 1000; i++)
        if (ramify_submit(group, nothing, NULL, NULL))
            return 1;
    if (ramify_wait(group) || ramify_region_end(region) || ramify_snapshot_take(rt, &snapshot))
        return 1;
    int failed = ramify_snapshot_render(snapshot, format, &text) != RAMIFY_OK;
    if (!failed)
        fputs(text, stdout);
    ramify_text_free(text);
    ramify_snapshot_free(snapshot);
    return failed;
}

int main(int argc, char **argv)
{
    static const char *const formats[] = { "json", "csv", "prometheus" };

    ramify_runtime *rt;
    if (argc < 2 || (argc > 2 && !setlocale(LC_ALL, argv[2])))
        return 2;
    if (ramify_start(&(ramify_options){ .workers = 2, .no_bind = true, .counters = "system,work" }, &rt))
        return 1;
    int failed = 2;
    for (int f = 0; f < 3; f++)
        if (strcmp(argv[1], formats[f]) == 0)
            failed = print(rt, (ramify_metrics_format)f);
    return ramify_stop(rt) ? 1 : failed;
}
