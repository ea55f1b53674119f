/* SPDX-License-Identifier: BSD-3-Clause */
/* A recursive-descent reader, one function per line of the grammar. Every complaint carries the position of the
 * character it is about: for a bracket that is never closed the bracket's own, for something missing at the end the
 * length of the text. */
#include "language.h"

#include "arguments.h"
#include "log.h"
#include "rules.h"
#include "text.h"

/* How much of a wrong word a diagnosis repeats, so that the list of known ones still fits its 240 bytes. */
enum { SHOWN_BYTES = 40 };

typedef struct reader {
    const char                     *text;
    size_t                          at;
    const ramify_policy_ops *const *extra;
    ramify_diagnosis               *diagnosis;
    rmf_policy_text                *policy;
} reader;

/* A run of the characters of names, and of those that names are misspelt with: capitals and underscores. */
typedef struct word {
    size_t at, length;
} word;

static void skip_blanks(reader *r)
{
    while (rmf_is_blank(r->text[r->at]))
        r->at++;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static int shown(word w)
{
    return w.length < SHOWN_BYTES ? (int)w.length : SHOWN_BYTES;
}

/* Complains about the character at the reader's place, `wanted` standing for what may be there. */
static ramify_status unexpected(const reader *r, const char *wanted)
{
    unsigned char c = (unsigned char)r->text[r->at];
    if (c == 0)
        return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, r->at, "the text ends where %s is expected", wanted);
    if (c < 0x20 || c > 0x7E)
        return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, r->at, "byte 0x%02x where %s is expected", c, wanted);
    return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, r->at, "'%c' where %s is expected", c, wanted);
}

static ramify_status read_word(reader *r, const char *wanted, word *w)
{
    skip_blanks(r);
    w->at = r->at;
    while (is_word_byte(r->text[r->at]))
        r->at++;
    w->length = r->at - w->at;
    if (w->length == 0)
        return unexpected(r, wanted);
    skip_blanks(r);
    return RAMIFY_OK;
}

/* Edits (insert, delete, replace) between two words (V. Levenshtein, 1966). Words over 31 bytes resemble nothing. */
static size_t edits_between(const char *a, size_t a_length, const char *b)
{
    enum { LONGEST = 31 };
    size_t row[LONGEST + 1], b_length = strlen(b);
    if (a_length > LONGEST || b_length > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0]          = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            size_t shorter  = row[j] < row[j - 1] ? row[j] : row[j - 1];
            diagonal        = row[j];
            row[j]          = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return row[b_length];
}

/* Keeps the nearest of the names offered in *best; it stays NULL while all are more than a third of the word, and one
 * letter, away: with more the advice would be a guess. */
static void offer(const reader *r, word w, const char *name, const char **best)
{
    size_t edits = edits_between(r->text + w.at, w.length, name);
    size_t least = *best ? edits_between(r->text + w.at, w.length, *best) : 1 + w.length / 3;
    if (edits < least || (!*best && edits == least))
        *best = name;
}

/* Complains about a word, with the name that may have been meant or else with all of them. */
static ramify_status unknown(const reader *r, word w, const char *kind, const char *best, const rmf_text *known)
{
    const char *name = r->text + w.at;
    if (best)
        return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, w.at, "unknown %s '%.*s': did you mean '%s'?", kind,
                            shown(w), name, best);
    return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, w.at, "unknown %s '%.*s'; there are %s", kind, shown(w), name,
                        known->bytes ? known->bytes : "others");
}

/* Compares with one known name, and adds it to the list. */
static void consider(const reader *r, word w, const char *name, const char **best, rmf_text *known)
{
    offer(r, w, name, best);
    rmf_text_add(known, known->length ? ", %s" : "%s", name);
}

static uint32_t find_level(const reader *r, word w)
{
    uint32_t level = 0;
    for (; level < RAMIFY_LEVEL_COUNT; level++) {
        const char *name = ramify_level_name((int)level);
        if (strlen(name) == w.length && memcmp(name, r->text + w.at, w.length) == 0)
            break;
    }
    return level;
}

static ramify_status unknown_level(const reader *r, word w)
{
    const char *best = NULL;
    if (rmf_rule_find(r->text + w.at, w.length))
        return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, w.at, "'%.*s' is a policy: write level:%.*s", shown(w),
                            r->text + w.at, shown(w), r->text + w.at);
    rmf_text known = { 0 };
    for (int level = 0; level < RAMIFY_LEVEL_COUNT; level++)
        consider(r, w, ramify_level_name(level), &best, &known);
    ramify_status status = unknown(r, w, "level", best, &known);
    rmf_text_drop(&known);
    return status;
}

static ramify_status unknown_policy(const reader *r, word w)
{
    const char *best = NULL;
    uint32_t    count;
    if (find_level(r, w) < RAMIFY_LEVEL_COUNT)
        return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, w.at, "'%.*s' is a level: write %.*s:policy", shown(w),
                            r->text + w.at, shown(w), r->text + w.at);
    const ramify_policy_ops *const *policies = ramify_policies(&count);
    rmf_text                        known    = { 0 };
    for (uint32_t i = 0; i < count; i++)
        consider(r, w, policies[i]->name, &best, &known);
    offer(r, w, "steal", &best);
    for (uint32_t i = 0; r->extra && r->extra[i]; i++)
        consider(r, w, r->extra[i]->name, &best, &known);
    ramify_status status = unknown(r, w, "policy", best, &known);
    rmf_text_drop(&known);
    return status;
}

/* '(' argument {',' argument} ')': the reader stands on the bracket and ends behind the other. */
static ramify_status read_arguments(reader *r, rmf_rule_text *rule)
{
    size_t open       = r->at++;
    bool   blank      = true;
    rule->argument    = r->policy->copy + r->at;
    rule->argument_at = r->at;
    for (;; r->at++) {
        char c = r->text[r->at];
        if (c == 0)
            return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, open, "'(' is never closed");
        if (c == '(' || ((c == ',' || c == ')') && blank))
            return unexpected(r, "an argument");
        if (c == ')')
            break;
        blank = c == ',' || (blank && rmf_is_blank(c));
    }
    r->policy->copy[r->at++] = 0;
    return RAMIFY_OK;
}

/* Checks a library rule's argument and moves the complaint's position from the argument into the text. */
static ramify_status check_argument(const reader *r, const rmf_rule *rule, const rmf_rule_text *text)
{
    ramify_diagnosis inner  = { RAMIFY_OK, 0, "" };
    ramify_status    status = rule->check(text->argument, &inner);
    if (status)
        return rmf_diagnose(r->diagnosis, status, text->argument_at + inner.position, "%s", inner.text);
    return RAMIFY_OK;
}

/* rule := name ['(' argument {',' argument} ')'], the name being read already. */
static ramify_status read_rule(reader *r, word name, rmf_rule_text *rule)
{
    const rmf_rule *own = NULL;
    rule->ops           = NULL;
    rule->argument      = "";
    rule->argument_at   = name.at;
    for (uint32_t i = 0; r->extra && r->extra[i] && !rule->ops; i++)
        if (strlen(r->extra[i]->name) == name.length && !memcmp(r->extra[i]->name, r->text + name.at, name.length))
            rule->ops = r->extra[i];
    if (!rule->ops) {
        own = rmf_rule_find(r->text + name.at, name.length);
        if (!own)
            return unknown_policy(r, name);
        rule->ops = &own->ops;
    }
    if (r->text[r->at] == '(') {
        ramify_status status = read_arguments(r, rule);
        if (status)
            return status;
        skip_blanks(r);
    }
    return own ? check_argument(r, own, rule) : RAMIFY_OK;
}

/* level ':' rule, the level's word being read already; the reader stands on the colon or what is in its place. */
static ramify_status read_level_rule(reader *r, word name)
{
    uint32_t level = find_level(r, name);
    if (level == RAMIFY_LEVEL_COUNT)
        return unknown_level(r, name);
    if (r->text[r->at] != ':')
        return unexpected(r, "':' and a policy");
    if (r->policy->by_level[level].ops)
        return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, name.at, "level '%s' is named twice",
                            ramify_level_name((int)level));
    r->at++;
    word          policy;
    ramify_status status = read_word(r, "the name of a policy", &policy);
    return status ? status : read_rule(r, policy, &r->policy->by_level[level]);
}

static ramify_status read_levels(reader *r, word first)
{
    ramify_status status = read_level_rule(r, first);
    while (!status && r->text[r->at] == ',') {
        word name;
        r->at++;
        status = read_word(r, "the name of a level", &name);
        if (!status)
            status = read_level_rule(r, name);
    }
    if (!status && r->text[r->at])
        return unexpected(r, "',' or the end");
    return status;
}

/* policy := rule | level ':' rule {',' level ':' rule} */
static ramify_status read_policy(reader *r)
{
    word          first;
    ramify_status status = read_word(r, "a policy", &first);
    if (status)
        return status;
    if (r->text[r->at] == ':')
        return read_levels(r, first);
    r->policy->flat = true;
    status          = read_rule(r, first, &r->policy->by_level[0]);
    if (!status && r->text[r->at] == ',')
        return rmf_diagnose(r->diagnosis, RAMIFY_ERR_SYNTAX, r->at,
                            "a flat policy is one rule; with several each has its level: level:policy, ...");
    if (!status && r->text[r->at])
        return unexpected(r, "the end");
    return status;
}

static ramify_status check_extra(const ramify_policy_ops *const *extra, ramify_diagnosis *diagnosis)
{
    for (uint32_t i = 0; extra && extra[i]; i++) {
        const char *c = extra[i]->name;
        while (c && ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-'))
            c++;
        if (!c || *c || !extra[i]->name[0])
            return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0,
                                "policies[%u] needs a name of lower-case letters, digits and '-'", i);
        if (!extra[i]->create || !extra[i]->pick)
            return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0, "policy '%.40s' has no create or no pick",
                                extra[i]->name);
    }
    return RAMIFY_OK;
}

ramify_status rmf_policy_text_read(const char *text, const ramify_policy_ops *const *extra, ramify_diagnosis *diagnosis,
                                   rmf_policy_text *policy)
{
    if (!text)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_INVALID, 0, "there is no text");
    ramify_status status = check_extra(extra, diagnosis);
    if (status)
        return status;
    rmf_policy_text read = { .copy = strdup(text) };
    if (!read.copy)
        return rmf_diagnose(diagnosis, RAMIFY_ERR_NO_MEMORY, 0, "no memory for the policy's text");
    reader r = { text, 0, extra, diagnosis, &read };
    status   = read_policy(&r);
    if (status)
        rmf_policy_text_drop(&read);
    else
        *policy = read;
    return status;
}

void rmf_policy_text_drop(rmf_policy_text *policy)
{
    free(policy->copy);
    policy->copy = NULL;
}

uint32_t rmf_policy_text_level(const rmf_policy_text *policy, uint32_t level_mask)
{
    uint32_t level = 0;
    while (level < RAMIFY_LEVEL_COUNT && !(policy->by_level[level].ops && (level_mask >> level & 1)))
        level++;
    return level;
}

const rmf_rule_text *rmf_policy_text_at(const rmf_policy_text *policy, uint32_t level_mask)
{
    uint32_t level = rmf_policy_text_level(policy, level_mask);
    return level < RAMIFY_LEVEL_COUNT ? &policy->by_level[level] : NULL;
}
