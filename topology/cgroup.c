/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds the control groups of this process in /proc/self/cgroup, where they are mounted in /proc/self/mountinfo, and
 * reads their files on the way up; see cgroup.h, and cgroups(7) and proc(5) for the formats. */
#include "cgroup.h"
#include "file_text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* mountinfo of a machine with thousands of containers runs to a few MiB; a cgroup file is one line, a cpuset at most
 * 40 KiB. */
enum { PROC_BYTES = 16 << 20, VALUE_BYTES = 1 << 16 };

/* One hierarchy as this process sees it: directory of the mount point, and of the group below it ("" for itself). */
typedef struct hierarchy {
    bool found;
    char mount[PATH_MAX];
    char group[PATH_MAX];
} hierarchy;

/* True when a comma-separated list holds a word. */
static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, length) == 0 && (at[length] == '\0' || at[length] == ','))
            return true;
    }
    return false;
}

/* Finds the line of /proc/self/cgroup for a controller ("" is v2's) and returns its path, a pointer into text, which
 * is changed. NULL when there is none. */
static char *group_path(char *text, const char *controller)
{
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *controllers = strchr(line, ':');
        char *path        = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        controllers++;
        if (*controller ? list_has(controllers, controller) : (*controllers == '\0' && strncmp(line, "0:", 2) == 0))
            return path;
    }
    return NULL;
}

/* mountinfo writes blanks and backslashes as \ooo; decoded in place. */
static void decode_octal(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' && from[3] >= '0' &&
            from[3] <= '7') {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Splits one line of mountinfo. Returns false when it is not of the type (and, for v1, has not the controller). */
static bool read_mount(char *line, const char *controller, char **mount_root, char **mount_point)
{
    char *field[6], *rest = line;
    for (int i = 0; i < 6; i++)
        if (!(field[i] = strsep(&rest, " ")))
            return false;
    char *tail = rest ? strstr(rest, "- ") : NULL; /* optional fields, then " - type source options" */
    if (!tail)
        return false;
    tail += 2;
    char *type = strsep(&tail, " ");
    strsep(&tail, " ");
    if (strcmp(type, *controller ? "cgroup" : "cgroup2") != 0)
        return false;
    if (*controller && !(tail && list_has(tail, controller)))
        return false;
    *mount_root  = field[3];
    *mount_point = field[4];
    decode_octal(*mount_root);
    decode_octal(*mount_point);
    return true;
}

/* The group's path below the mount point. A container may mount only its own group: then the path begins with the root
 * of the mount. A path that is not below it, or leaves it ("/../"), leads nowhere we can see: the mount point itself is
 * the nearest group. */
static const char *below_mount(const char *path, const char *mount_root)
{
    size_t length = strlen(mount_root);
    if (length == 1)
        length = 0; /* "/" */
    if (strncmp(path, mount_root, length) != 0 || (path[length] != '/' && path[length] != '\0') || strstr(path, "/.."))
        return "";
    return strcmp(path + length, "/") == 0 ? "" : path + length;
}

static void find_mount(const char *root, char *mounts, const char *controller, const char *path, hierarchy *h)
{
    for (char *line = mounts, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *mount_root, *mount_point;
        if (!read_mount(line, controller, &mount_root, &mount_point))
            continue;
        int m    = snprintf(h->mount, sizeof h->mount, "%s%s", root, mount_point);
        int g    = snprintf(h->group, sizeof h->group, "%s", below_mount(path, mount_root));
        h->found = m < (int)sizeof h->mount && g < (int)sizeof h->group;
        return;
    }
}

static ramify_status read_proc(const char *root, const char *name, char **text)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s%s", root, name) >= (int)sizeof path)
        return RAMIFY_ERR_NOT_FOUND;
    return rmf_file_read(path, PROC_BYTES, text, NULL, NULL);
}

/* controller: "" for v2. */
static ramify_status find_hierarchy(const char *root, const char *controller, hierarchy *h)
{
    char *groups = NULL, *mounts = NULL;
    h->found             = false;
    ramify_status status = read_proc(root, "/proc/self/cgroup", &groups);
    if (!status)
        status = read_proc(root, "/proc/self/mountinfo", &mounts);
    if (!status) {
        const char *path = group_path(groups, controller);
        if (path)
            find_mount(root, mounts, controller, path, h);
    }
    free(groups);
    free(mounts);
    return status == RAMIFY_ERR_NO_MEMORY ? status : RAMIFY_OK;
}

/* Moves to the group above; false when the mount point was the last one. */
static bool go_up(hierarchy *h)
{
    char *slash = strrchr(h->group, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

/* Reads a file of the group h stands at. NOT_FOUND for whatever keeps it from being read. */
static ramify_status read_value(const hierarchy *h, const char *file, char **text)
{
    char path[2 * PATH_MAX + 64];
    snprintf(path, sizeof path, "%s%s/%s", h->mount, h->group, file);
    ramify_status status = rmf_file_read(path, VALUE_BYTES, text, NULL, NULL);
    return status && status != RAMIFY_ERR_NO_MEMORY ? RAMIFY_ERR_NOT_FOUND : status;
}

/* "150000 100000" or "max 100000". False when it is neither; *cpus is 0 for max. */
static bool parse_cpu_max(const char *text, double *cpus)
{
    unsigned long long quota_us, period_us;
    char               extra;
    if (sscanf(text, "max %llu %c", &period_us, &extra) == 1 && period_us && !strchr(text, '-')) {
        *cpus = 0;
        return true;
    }
    if (strchr(text, '-') || sscanf(text, "%llu %llu %c", &quota_us, &period_us, &extra) != 2 || !quota_us ||
        !period_us)
        return false;
    *cpus = (double)quota_us / (double)period_us;
    return true;
}

/* v1 keeps the two numbers in two files; a quota of -1 is none. */
static bool parse_cfs(const char *quota, const char *period, double *cpus)
{
    long long quota_us, period_us;
    char      extra;
    if (sscanf(quota, "%lld %c", &quota_us, &extra) != 1 || sscanf(period, "%lld %c", &period_us, &extra) != 1 ||
        quota_us == 0 || period_us <= 0)
        return false;
    *cpus = quota_us < 0 ? 0 : (double)quota_us / (double)period_us;
    return true;
}

/* The quota of the group h stands at: 0 when it has none, or one that cannot be understood. */
static ramify_status quota_here(const hierarchy *h, bool v1, const rmf_log *log, double *cpus)
{
    char         *text = NULL, *period = NULL;
    ramify_status status = read_value(h, v1 ? "cpu.cfs_quota_us" : "cpu.max", &text);
    if (!status && v1)
        status = read_value(h, "cpu.cfs_period_us", &period);
    *cpus = 0;
    if (!status && !(v1 ? parse_cfs(text, period, cpus) : parse_cpu_max(text, cpus))) {
        text[strcspn(text, "\n")] = '\0';
        rmf_log_line(log, RAMIFY_LOG_WARNING, "%s%s: CPU quota \"%.60s\" not understood, ignored", h->mount, h->group,
                     text);
    }
    free(text);
    free(period);
    return status == RAMIFY_ERR_NOT_FOUND ? RAMIFY_OK : status;
}

static ramify_status least_quota(hierarchy *h, bool v1, const rmf_log *log, double *least, const char **file)
{
    do {
        double        cpus;
        ramify_status status = quota_here(h, v1, log, &cpus);
        if (status)
            return status;
        if (cpus > 0 && (*least <= 0 || cpus < *least)) {
            *least = cpus;
            *file  = v1 ? "cpu.cfs_quota_us" : "cpu.max";
        }
    } while (go_up(h));
    return RAMIFY_OK;
}

ramify_status rmf_cgroup_quota(const char *root, const rmf_log *log, double *cpus, const char **file)
{
    *cpus = 0;
    *file = "";
    for (int v1 = 0; v1 <= 1; v1++) {
        hierarchy     h;
        ramify_status status = find_hierarchy(root, v1 ? "cpu" : "", &h);
        if (!status && h.found)
            status = least_quota(&h, v1 != 0, log, cpus, file);
        if (status)
            return status;
    }
    return RAMIFY_OK;
}

/* Looks for the nearest file that names CPUs; v1 called it by another name, and older kernels by a third. */
static ramify_status nearest_cpus(hierarchy *h, const char *const *files, const rmf_log *log, uint64_t *set,
                                  bool *found)
{
    do {
        for (int i = 0; files[i]; i++) {
            char         *text;
            ramify_status status = read_value(h, files[i], &text);
            if (status == RAMIFY_ERR_NOT_FOUND)
                continue;
            if (status)
                return status;
            bool empty = text[strspn(text, " \t\n")] == '\0';
            rmf_bits_clear(set, RMF_BITS_MAX_WORDS);
            status = empty ? RAMIFY_ERR_SYNTAX : rmf_bits_parse(text, set, NULL);
            if (status && !empty)
                rmf_log_line(log, RAMIFY_LOG_WARNING, "%s%s/%s: not understood, ignored", h->mount, h->group, files[i]);
            free(text);
            if (!status) {
                *found = true;
                return RAMIFY_OK;
            }
        }
    } while (go_up(h));
    return RAMIFY_OK;
}

ramify_status rmf_cgroup_cpus(const char *root, const rmf_log *log, uint64_t *set, bool *found)
{
    static const char *const v2_files[] = { "cpuset.cpus.effective", NULL };
    static const char *const v1_files[] = { "cpuset.effective_cpus", "cpuset.cpus", NULL };

    *found = false;
    for (int v1 = 0; v1 <= 1 && !*found; v1++) {
        hierarchy     h;
        ramify_status status = find_hierarchy(root, v1 ? "cpuset" : "", &h);
        if (!status && h.found)
            status = nearest_cpus(&h, v1 ? v1_files : v2_files, log, set, found);
        if (status)
            return status;
    }
    return RAMIFY_OK;
}
