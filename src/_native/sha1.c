#include "sha1.h"

#include <string.h>

enum { BLOCK_BYTES = 64, LENGTH_BYTES = 8 };

static uint32_t rotate(uint32_t word, int by) {
    return word << by | word >> (32 - by);
}

static uint32_t load_big(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void store_big(uint8_t *at, uint32_t word) {
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(word >> (24 - 8 * i));
}

/* The words of a round are those of 16 before it, in a ring. */
static uint32_t next_word(uint32_t ring[16], int round) {
    uint32_t word = ring[(round + 13) & 15] ^ ring[(round + 8) & 15] ^ ring[(round + 2) & 15];
    return ring[round & 15] = rotate(word ^ ring[round & 15], 1);
}

#define ROUNDS(from, to, mix, constant)                                                            \
    for (int round = from; round < to; round++) {                                                  \
        uint32_t word = round < 16 ? ring[round] : next_word(ring, round);                         \
        uint32_t next = rotate(a, 5) + (mix) + e + (constant) + word;                              \
        e = d;                                                                                     \
        d = c;                                                                                     \
        c = rotate(b, 30);                                                                         \
        b = a;                                                                                     \
        a = next;                                                                                  \
    }

static void mix_block(uint32_t state[5], const uint8_t *block) {
    uint32_t ring[16];
    for (int i = 0; i < 16; i++)
        ring[i] = load_big(block + 4 * i);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    ROUNDS(0, 16, (b & c) | (~b & d), 0x5a827999)
    ROUNDS(16, 20, (b & c) | (~b & d), 0x5a827999)
    ROUNDS(20, 40, b ^ c ^ d, 0x6ed9eba1)
    ROUNDS(40, 60, (b & c) | (b & d) | (c & d), 0x8f1bbcdc)
    ROUNDS(60, 80, b ^ c ^ d, 0xca62c1d6)
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

void fp_sha1(const uint8_t *data, size_t size, uint8_t digest[FP_SHA1_BYTES]) {
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    size_t whole = size / BLOCK_BYTES * BLOCK_BYTES, left = size - whole;
    for (size_t at = 0; at < whole; at += BLOCK_BYTES)
        mix_block(state, data + at);
    /* The end: a bit, zeros, and the length in bits, in one block or two. */
    uint8_t end[2 * BLOCK_BYTES] = {0};
    size_t end_bytes = left + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    if (left)
        memcpy(end, data + whole, left);
    end[left] = 0x80;
    store_big(end + end_bytes - 8, (uint32_t)((uint64_t)size >> 29));
    store_big(end + end_bytes - 4, (uint32_t)((uint64_t)size << 3));
    for (size_t at = 0; at < end_bytes; at += BLOCK_BYTES)
        mix_block(state, end + at);
    for (int i = 0; i < 5; i++)
        store_big(digest + 4 * i, state[i]);
}
