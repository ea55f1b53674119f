/* SPDX-License-Identifier: BSD-3-Clause */
/* `ramify top` without ncurses: there is no terminal to open, and frames are printed one below the other. */
#include "top.h"

bool screen_open(const char **why)
{
    *why = "this command was built without ncurses (RAMIFY_NCURSES)";
    return false;
}

void screen_close(void)
{
}

top_key screen_show(const top_frame *frame, uint32_t first, const char *foot, int wait_ms)
{
    (void)frame, (void)first, (void)foot, (void)wait_ms;
    return TOP_QUIT;
}

uint32_t screen_lines(const top_frame *frame)
{
    (void)frame;
    return 0;
}
