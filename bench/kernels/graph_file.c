/* SPDX-License-Identifier: BSD-3-Clause */
/* The user's own graph or matrix. A file that is malformed, too large for memory, or not what it says ends the process
 * with its name, the line's number and what is wrong there. */
#include "graph.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <unistd.h>

enum {
    FIRST_ROOM   = 1 << 16,
    ENTRY_BYTES  = 40, /* an entry at its most: read (16), packed (12), and once more both ways for undirected graphs */
    VERTEX_BYTES = 16, /* starts of rows, twice while packing */
};

typedef struct reader {
    const char *path;
    FILE       *file;
    char       *line;
    size_t      room;
    long        number; /* of the line */
    uint32_t   *from, *to;
    double     *values;
    long        count, capacity;
} reader;

__attribute__((noreturn, format(printf, 2, 3))) static void refuse(const reader *r, const char *words, ...)
{
    va_list values;

    fprintf(stderr, "bench: %s", r->path);
    if (r->number)
        fprintf(stderr, ", line %ld", r->number);
    fputs(": ", stderr);
    va_start(values, words);
    vfprintf(stderr, words, values);
    va_end(values);
    fputs("\n", stderr);
    exit(2);
}

/* The next line that is not empty and no comment; false at the end. */
static bool next_line(reader *r)
{
    while (getline(&r->line, &r->room, r->file) >= 0) {
        const char *at = r->line;
        r->number++;
        while (isspace((unsigned char)*at))
            at++;
        if (*at && *at != '#' && *at != '%')
            return true;
    }
    return false;
}

static void demand_memory(const reader *r, double rows, double entries)
{
    double need = rows * (double)VERTEX_BYTES + entries * (double)ENTRY_BYTES;
    double have = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGE_SIZE);

    if (need > have)
        refuse(r, "%.0f rows and %.0f entries need %.1f GiB, this machine has %.1f", rows, entries, need / 0x1p30,
               have / 0x1p30);
}

static void make_room(reader *r, long capacity)
{
    r->from   = (uint32_t *)realloc(r->from, (size_t)capacity * sizeof *r->from);
    r->to     = (uint32_t *)realloc(r->to, (size_t)capacity * sizeof *r->to);
    r->values = (double *)realloc(r->values, (size_t)capacity * sizeof *r->values);
    if (!r->from || !r->to || !r->values)
        refuse(r, "no memory for %ld entries", capacity);
    r->capacity = capacity;
}

static void add_entry(reader *r, long row, long column, double value)
{
    if (r->count == r->capacity) {
        demand_memory(r, 0.0, (double)r->capacity * 2.0);
        make_room(r, r->capacity * 2);
    }
    r->from[r->count]     = (uint32_t)row;
    r->to[r->count]       = (uint32_t)column;
    r->values[r->count++] = value;
}

/* Letters of the word at `at`, of which a sentence takes at most 40. */
static int word_length(const char *at)
{
    size_t length = strcspn(at, " \t\r\n");

    return length < 40 ? (int)length : 40;
}

static char *skip_blanks(char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* A whole number of [least, most] at *at, which moves on. */
static long read_index(reader *r, char **at, long least, long most, const char *what)
{
    char *end;

    *at        = skip_blanks(*at);
    errno      = 0;
    long value = strtol(*at, &end, 10);
    if (end == *at || (*end && !isspace((unsigned char)*end)))
        refuse(r, "%s is not a whole number: %.*s", what, word_length(*at), *at);
    if (errno || value < least || value > most)
        refuse(r, "%s is outside %ld to %ld: %.*s", what, least, most, word_length(*at), *at);
    *at = end;
    return value;
}

/* A finite number at *at; `otherwise` when the line ends before. */
static double read_value(reader *r, char **at, double otherwise)
{
    char *end;

    *at = skip_blanks(*at);
    if (**at == '\0')
        return otherwise;
    double value = strtod(*at, &end);
    if (end == *at || !isfinite(value))
        refuse(r, "the value is not a finite number: %.*s", word_length(*at), *at);
    *at = end;
    return value;
}

static void demand_end(reader *r, char *at)
{
    at = skip_blanks(at);
    if (*at)
        refuse(r, "more on the line than belongs there: %.*s", word_length(at), at);
}

/* What the first line of a Matrix Market file promises. */
typedef struct market_kind {
    bool   pattern, mirrored;
    double mirror_sign;
} market_kind;

static market_kind market_header(reader *r)
{
    char        object[16] = "", format[16] = "", field[16] = "", symmetry[16] = "";
    market_kind kind = { false, false, 1.0 };

    for (char *c = r->line; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    if (sscanf(r->line, "%%%%matrixmarket %15s %15s %15s %15s", object, format, field, symmetry) != 4)
        refuse(r, "a Matrix Market header has four words: matrix coordinate real general, for example");
    if (strcmp(object, "matrix") != 0 || strcmp(format, "coordinate") != 0)
        refuse(r, "%s %s is not read here, only matrix coordinate", object, format);
    kind.pattern = strcmp(field, "pattern") == 0;
    if (!kind.pattern && strcmp(field, "real") != 0 && strcmp(field, "integer") != 0)
        refuse(r, "values of kind %s are not read here, only real, integer and pattern", field);
    kind.mirrored = strcmp(symmetry, "general") != 0;
    if (strcmp(symmetry, "skew-symmetric") == 0)
        kind.mirror_sign = -1.0;
    else if (kind.mirrored && strcmp(symmetry, "symmetric") != 0)
        refuse(r, "%s is not read here, only general, symmetric and skew-symmetric", symmetry);
    return kind;
}

static void read_market(reader *r, bench_graph *g)
{
    market_kind kind = market_header(r);

    if (!next_line(r))
        refuse(r, "the file ends before the line of sizes");
    char *at      = r->line;
    g->rows       = read_index(r, &at, 1, UINT32_MAX, "the number of rows");
    g->columns    = read_index(r, &at, 1, UINT32_MAX, "the number of columns");
    long promised = read_index(r, &at, 0, INT64_MAX / ENTRY_BYTES, "the number of entries");
    demand_end(r, at);
    demand_memory(r, (double)g->rows, (double)promised * (kind.mirrored ? 2.0 : 1.0));
    if (kind.mirrored && g->rows != g->columns)
        refuse(r, "a symmetric matrix is square; this one says %ld rows and %ld columns", g->rows, g->columns);
    for (long read = 0; read < promised; read++) {
        if (!next_line(r))
            refuse(r, "the file ends after %ld entries of the %ld it says", read, promised);
        at            = r->line;
        long   row    = read_index(r, &at, 1, g->rows, "the row") - 1;
        long   column = read_index(r, &at, 1, g->columns, "the column") - 1;
        double value  = kind.pattern ? 1.0 : read_value(r, &at, NAN);
        if (isnan(value))
            refuse(r, "the entry has no value, and the header says it has");
        demand_end(r, at);
        add_entry(r, row, column, value);
        if (kind.mirrored && row != column)
            add_entry(r, column, row, value * kind.mirror_sign);
    }
    if (next_line(r))
        refuse(r, "more entries than the %ld the file says", promised);
}

static void read_edges(reader *r, bench_graph *g)
{
    long most = -1;

    do {
        char  *at     = r->line;
        long   row    = read_index(r, &at, 0, UINT32_MAX - 1, "the first vertex");
        long   column = read_index(r, &at, 0, UINT32_MAX - 1, "the second vertex");
        double value  = read_value(r, &at, 1.0);
        demand_end(r, at);
        most = row > most ? row : most;
        most = column > most ? column : most;
        add_entry(r, row, column, value);
    } while (next_line(r));
    g->rows = g->columns = most + 1;
    demand_memory(r, (double)g->rows, (double)r->count);
}

void bench_graph_read(bench_graph *g, const char *path)
{
    reader r = { .path = path, .file = fopen(path, "r") };

    if (!r.file)
        refuse(&r, "%s", strerror(errno));
    make_room(&r, FIRST_ROOM);
    if (getline(&r.line, &r.room, r.file) < 0)
        refuse(&r, "%s", ferror(r.file) ? strerror(errno) : "the file is empty");
    r.number = 1;
    if (strncmp(r.line, "%%", 2) == 0)
        read_market(&r, g);
    else {
        rewind(r.file);
        r.number = 0;
        if (!next_line(&r))
            refuse(&r, "the file has no edge");
        read_edges(&r, g);
    }
    bench_graph_pack(g, r.from, r.to, r.values, r.count);
    fclose(r.file);
    free(r.line);
    free(r.from);
    free(r.to);
    free(r.values);
}
