/* Text of few values -> int32 codes, in order of first appearance. */
#ifndef FP_DICTIONARY_H
#define FP_DICTIONARY_H

#include "flowparse.h"

struct fp_buffer;

typedef struct fp_slot {
    uint32_t hash;
    uint32_t code_plus_1; /* 0: empty */
} fp_slot;

typedef struct fp_dictionary {
    fp_slot *slots; /* a power of two, at most half full */
    uint32_t n_slots, n_values;
    uint8_t *bytes; /* the values, end to end */
    size_t size, capacity;
    int32_t *offsets; /* n_values + 1 */
    uint64_t seed;    /* so that nobody can choose values that collide */
} fp_dictionary;

/* The code of a value, which is added if it is new; below 0: an fp_status. Eight bytes from text
 * on are readable, however short it is. */
int64_t fp_dictionary_encode(fp_dictionary *dictionary, const uint8_t *text, uint32_t size);
/* Forgets the values; keeps the memory. */
void fp_dictionary_clear(fp_dictionary *dictionary);
void fp_dictionary_free(fp_dictionary *dictionary);

#endif
