/* SPDX-License-Identifier: BSD-3-Clause */
/* The terminal by ncurses. newterm() is used because initscr() ends the program where the terminal is none. */
#include "top.h"

#include <ncurses.h>
#include <stdio.h>
#include <unistd.h>

static SCREEN *screen;

enum { PAIR_BAR = 1, PAIR_HEAD };

bool screen_open(const char **why)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        *why = "this is no terminal";
        return false;
    }
    screen = newterm(NULL, stdout, stdin);
    if (!screen) {
        *why = "ncurses does not know this terminal (TERM)";
        return false;
    }
    set_term(screen);
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    if (has_colors()) {
        start_color();
        use_default_colors();
        init_pair(PAIR_BAR, COLOR_GREEN, -1);
        init_pair(PAIR_HEAD, COLOR_CYAN, -1);
    }
    return true;
}

void screen_close(void)
{
    if (!screen)
        return;
    endwin();
    delscreen(screen);
    screen = NULL;
}

uint32_t screen_lines(const top_frame *frame)
{
    int room = LINES - (int)frame->head - 1;
    return room > 1 ? (uint32_t)room : 1;
}

static void draw(int row, const top_line *line)
{
    attr_t look = line->bold ? A_BOLD | (attr_t)COLOR_PAIR(PAIR_HEAD) : A_NORMAL;
    attron(look);
    mvaddnstr(row, 0, line->text, COLS);
    attroff(look);
    if (line->bar_length && (int)(line->bar_at + line->bar_length) < COLS)
        mvchgat(row, (int)line->bar_at, (int)line->bar_length, A_NORMAL, PAIR_BAR, NULL);
}

static top_key key_of(int c)
{
    switch (c) {
    case 'q':
    case 27: return TOP_QUIT;
    case 'l': return TOP_LEAVES;
    case 'n':
    case '\t': return TOP_NEXT;
    case KEY_UP:
    case 'k': return TOP_UP;
    case KEY_DOWN:
    case 'j': return TOP_DOWN;
    case KEY_PPAGE: return TOP_PAGE_UP;
    case KEY_NPAGE: return TOP_PAGE_DOWN;
    case '\n':
    case KEY_ENTER: return TOP_ENTER;
    default: return TOP_NOTHING;
    }
}

top_key screen_show(const top_frame *frame, uint32_t first, const char *foot, int wait_ms)
{
    erase();
    for (uint32_t i = 0; i < frame->head && i < frame->count; i++)
        draw((int)i, &frame->lines[i]);
    for (uint32_t i = 0; i < screen_lines(frame) && frame->head + first + i < frame->count; i++)
        draw((int)(frame->head + i), &frame->lines[frame->head + first + i]);
    attron(A_REVERSE);
    mvprintw(LINES - 1, 0, "%-*.*s", COLS - 1, COLS - 1, foot);
    attroff(A_REVERSE);
    refresh();
    timeout(wait_ms);
    return key_of(getch());
}
