/* SPDX-License-Identifier: BSD-3-Clause */
/* A program outside the tree, in C++: it uses the installed library and prints the version it runs with. */
#include <ramify/ramify.h>

#include <cstdio>
#include <string>

int main()
{
    if (ramify_status_name(RAMIFY_ERR_BUSY) != std::string("RAMIFY_ERR_BUSY"))
        return 1;
    std::printf("Ramify %s\n", ramify_version());
    return 0;
}
