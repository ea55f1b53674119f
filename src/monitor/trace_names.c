/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks a function up in the symbol table of the file that it was loaded from. The dynamic loader only knows exported
 * names; tasks are mostly static functions, which stand in .symtab unless the program was stripped. */
#include "trace_names.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A program has dozens of task functions; 1024 different ones fill the table, later ones are looked up again. */
enum { NAMES = 1024, NAME_BYTES = 120 };

typedef struct known {
    uint64_t address;
    char     name[NAME_BYTES];
} known;

struct rmf_trace_names {
    known spare; /* the answer when the table is full */
    known table[NAMES];
};

/* A loaded object that holds an address. */
typedef struct object {
    uint64_t    address, bias;
    const char *path; /* "" for the program itself */
    bool        found;
} object;

static int holds(struct dl_phdr_info *info, size_t bytes, void *self)
{
    object *o = self;
    (void)bytes;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uint64_t start         = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && o->address - start < part->p_memsz) {
            o->bias  = info->dlpi_addr;
            o->path  = info->dlpi_name;
            o->found = true;
        }
    }
    return o->found;
}

/* A file's bytes that are only trusted within their bounds. */
typedef struct image {
    const char *bytes;
    size_t      size;
} image;

static const void *part_of(const image *file, uint64_t offset, uint64_t bytes)
{
    return offset <= file->size && bytes <= file->size - offset ? file->bytes + offset : NULL;
}

static const char *search_table(const image *file, const ElfW(Shdr) * table, const ElfW(Shdr) * texts, uint64_t value)
{
    const ElfW(Sym) *symbols = part_of(file, table->sh_offset, table->sh_size);
    const char *strings      = part_of(file, texts->sh_offset, texts->sh_size);
    uint64_t    count        = table->sh_size / sizeof *symbols;
    if (!symbols || table->sh_offset % _Alignof(ElfW(Sym)) || !strings || texts->sh_size == 0 ||
        strings[texts->sh_size - 1])
        return NULL;
    for (uint64_t i = 0; i < count; i++)
        if ((symbols[i].st_info & 0xf) == STT_FUNC && symbols[i].st_value == value &&
            symbols[i].st_shndx != SHN_UNDEF && symbols[i].st_name < texts->sh_size)
            return strings + symbols[i].st_name;
    return NULL;
}

/* In the full table first, then among the exported names. */
static const char *search_file(const image *file, uint64_t value)
{
    const ElfW(Ehdr) *head = part_of(file, 0, sizeof *head);
    if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_shentsize != sizeof(ElfW(Shdr)))
        return NULL;
    const ElfW(Shdr) *sections = part_of(file, head->e_shoff, (uint64_t)head->e_shnum * sizeof *sections);
    if (!sections || head->e_shoff % _Alignof(ElfW(Shdr)))
        return NULL;
    static const unsigned kinds[] = { SHT_SYMTAB, SHT_DYNSYM };
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < head->e_shnum; i++) {
            bool        is_table = sections[i].sh_type == kinds[k] && sections[i].sh_link < head->e_shnum;
            const char *name =
                is_table ? search_table(file, &sections[i], &sections[sections[i].sh_link], value) : NULL;
            if (name && *name)
                return name;
        }
    return NULL;
}

static void find_name(uint64_t address, char name[NAME_BYTES])
{
    object o = { .address = address };
    dl_iterate_phdr(holds, &o);
    const char *path = o.found && *o.path ? o.path : "/proc/self/exe";
    const char *base = strrchr(path, '/') && *o.path ? strrchr(path, '/') + 1 : "program";
    snprintf(name, NAME_BYTES, "%s+0x%" PRIx64, base, address - o.bias);
    struct stat about;
    int         descriptor = o.found ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor < 0)
        return;
    if (fstat(descriptor, &about) == 0 && about.st_size > 0) {
        image file = { mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0),
                       (size_t)about.st_size };
        if (file.bytes != MAP_FAILED) {
            const char *symbol = search_file(&file, address - o.bias);
            if (symbol)
                snprintf(name, NAME_BYTES, "%s", symbol);
            munmap((void *)(uintptr_t)file.bytes, file.size);
        }
    }
    close(descriptor);
}

rmf_trace_names *rmf_trace_names_make(void)
{
    return calloc(1, sizeof(rmf_trace_names));
}

void rmf_trace_names_drop(rmf_trace_names *names)
{
    free(names);
}

const char *rmf_trace_name_of(rmf_trace_names *names, uint64_t address)
{
    if (!names)
        return "?";
    uint64_t at    = address * 0x9e3779b97f4a7c15u >> 54; /* Fibonacci hashing: Knuth, TAOCP 3, 6.4 */
    known   *found = &names->spare;
    for (int i = 0; i < NAMES; i++) {
        known *k = &names->table[(at + (uint64_t)i) % NAMES];
        if (k->address == address && address)
            return k->name;
        if (!k->address) {
            found = k;
            break;
        }
    }
    found->address = address;
    find_name(address, found->name);
    return found->name;
}
