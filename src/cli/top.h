/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of `ramify top`: a frame is made as lines of text, which are printed as they are or drawn on a terminal. */
#ifndef RAMIFY_CLI_TOP_H
#define RAMIFY_CLI_TOP_H

#include <ramify/ramify.h>

enum { TOP_LINE_BYTES = 200 };

typedef struct top_line {
    char     text[TOP_LINE_BYTES];
    uint32_t bar_at, bar_length; /* what is drawn in colour, 0: nothing */
    bool     bold;
} top_line;

/* lines: count of them, the first `head` stand still when the rest is scrolled. */
typedef struct top_frame {
    top_line *lines;
    uint32_t  count, room, head;
    bool      failed; /* no memory */
} top_frame;

/* Makes the frame of an interval. shown_leaves: those of the domains that have but one worker, too. */
void top_build(top_frame *frame, const ramify_view_entry *program, const ramify_snapshot *interval, bool shown_leaves);
void top_drop(top_frame *frame);

/* What a person at the terminal wants. */
typedef enum top_key {
    TOP_NOTHING,
    TOP_QUIT,
    TOP_LEAVES,
    TOP_NEXT,
    TOP_UP,
    TOP_DOWN,
    TOP_PAGE_UP,
    TOP_PAGE_DOWN,
    TOP_ENTER
} top_key;

/* The terminal, in top_screen.c (ncurses) or top_screen_none.c. Opening fails where there is none; *why says what. */
bool screen_open(const char **why);
void screen_close(void);
/* Draws from line `first` of those that scroll, a foot below, and waits for a key, at most wait_ms. */
top_key screen_show(const top_frame *frame, uint32_t first, const char *foot, int wait_ms);
/* Lines that scroll and have room. */
uint32_t screen_lines(const top_frame *frame);

/* Adds a line; NULL without memory. */
top_line *top_add(top_frame *frame, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
