/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA-1 (FIPS 180-4) of messages that fit one block: all that the tree search's random generator needs.
 *
 * words: the message as big-endian 32-bit words; message_words: 5 or 6 of them here, at most 13. */
#ifndef BENCH_SHA1_BLOCK_H
#define BENCH_SHA1_BLOCK_H

#include <stdint.h>
#include <string.h>

static inline uint32_t sha1_rotate(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

/* Twenty rounds with one mixing function: the standard's f_t and K_t, the schedule kept in a ring of 16 words. */
#define SHA1_ROUNDS(first, mixed, constant)                                                                            \
    for (int t = (first); t < (first) + 20; t++) {                                                                     \
        if (t >= 16)                                                                                                   \
            w[t & 15] = sha1_rotate(w[(t + 13) & 15] ^ w[(t + 8) & 15] ^ w[(t + 2) & 15] ^ w[t & 15], 1);              \
        uint32_t next = sha1_rotate(a, 5) + (mixed) + e + (constant) + w[t & 15];                                      \
        e             = d;                                                                                             \
        d             = c;                                                                                             \
        c             = sha1_rotate(b, 30);                                                                            \
        b             = a;                                                                                             \
        a             = next;                                                                                          \
    }

static inline void sha1_block(const uint32_t *words, int message_words, uint32_t digest[5])
{
    uint32_t w[16] = { 0 };
    uint32_t a = 0x67452301, b = 0xEFCDAB89, c = 0x98BADCFE, d = 0x10325476, e = 0xC3D2E1F0;

    memcpy(w, words, (size_t)message_words * sizeof *words);
    w[message_words] = 0x80000000;
    w[15]            = (uint32_t)message_words * 32;
#pragma GCC unroll 20
    SHA1_ROUNDS(0, (b & c) | (~b & d), 0x5A827999)
#pragma GCC unroll 20
    SHA1_ROUNDS(20, b ^ c ^ d, 0x6ED9EBA1)
#pragma GCC unroll 20
    SHA1_ROUNDS(40, (b & c) | (b & d) | (c & d), 0x8F1BBCDC)
#pragma GCC unroll 20
    SHA1_ROUNDS(60, b ^ c ^ d, 0xCA62C1D6)
    digest[0] = a + 0x67452301;
    digest[1] = b + 0xEFCDAB89;
    digest[2] = c + 0x98BADCFE;
    digest[3] = d + 0x10325476;
    digest[4] = e + 0xC3D2E1F0;
}

#undef SHA1_ROUNDS
#endif
