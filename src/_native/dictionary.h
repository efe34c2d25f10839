/* Text of few values -> int32 codes, in order of first appearance. */
#ifndef FP_DICTIONARY_H
#define FP_DICTIONARY_H

#include "bits.h"
#include "flowparse.h"

enum { FP_KEY_BYTES = 32 }; /* of a value's beginning that are kept beside its code */

typedef struct fp_slot {
    uint32_t hash;
    uint32_t code_plus_1; /* 0: empty */
} fp_slot;

/* A value's first 32 bytes, zeros behind a shorter one. Up to that size they are the value. */
typedef struct fp_entry {
    uint64_t words[4];
    uint32_t size;
} fp_entry;

/* A value that was met lately, if it has at most 24 bytes: as three words that end where it
 * ends, zeros before it. */
typedef struct fp_seen {
    uint64_t size; /* 0: none */
    uint64_t words[3];
    int64_t code;
} fp_seen;

enum { FP_SHORT_BYTES = 24 };

typedef struct fp_dictionary {
    fp_slot *slots; /* a power of two, at most half full */
    uint32_t n_slots, n_values;
    fp_entry *entries; /* one a value */
    uint8_t *bytes;    /* the values, end to end */
    size_t size, capacity;
    int32_t *offsets;   /* n_values + 1 */
    fp_seen seen[2];    /* the last two */
    uint64_t secret[4]; /* so that nobody can choose values that collide */
} fp_dictionary;

/* The product's halves, folded. */
static inline uint64_t fp_fold(uint64_t a, uint64_t b) {
#if defined(_MSC_VER) && !defined(__clang__)
    uint64_t high, low = _umul128(a, b, &high);
    return low ^ high;
#else
    __extension__ typedef unsigned __int128 fp_uint128;
    fp_uint128 product = (fp_uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#endif
}

/* Of a value's first 32 bytes and its size. Each factor is mixed with a secret, so that nobody
 * can choose it to be 0. */
static inline uint32_t fp_hash_words(const uint64_t words[4], uint32_t size,
                                     const uint64_t secret[4]) {
    uint64_t hash = fp_fold(words[0] ^ secret[0], words[1] ^ secret[1]) ^
                    fp_fold(words[2] ^ secret[2], words[3] ^ secret[3] ^ size);
    return (uint32_t)(hash ^ hash >> 32);
}

void fp_dictionary_begin(fp_dictionary *dictionary, uint64_t seed);
/* The code of a value, which is added if it is new; below 0: an fp_status. words: its first 32
 * bytes; hash: of those. */
int64_t fp_dictionary_encode(fp_dictionary *dictionary, const uint64_t words[4], uint32_t hash,
                             const uint8_t *text, uint32_t size);
/* The same for a single value. Bytes behind it are not read. */
int64_t fp_dictionary_encode_text(fp_dictionary *dictionary, const uint8_t *text, uint32_t size);
/* Forgets the values; keeps the memory. */
void fp_dictionary_clear(fp_dictionary *dictionary);
void fp_dictionary_free(fp_dictionary *dictionary);

#endif
