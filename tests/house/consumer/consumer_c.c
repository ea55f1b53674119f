/* SPDX-License-Identifier: BSD-3-Clause */
/* A program outside the tree, in C: it uses the installed library and prints the version it runs with. */
#include <ramify/ramify.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    if (strcmp(ramify_status_name(RAMIFY_ERR_BUSY), "RAMIFY_ERR_BUSY") != 0)
        return 1;
    printf("Ramify %s\n", ramify_version());
    return 0;
}
