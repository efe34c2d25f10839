/* Values -> codes, in order of first appearance: the dictionary of one Parquet column. */
#ifndef FP_DISTINCT_H
#define FP_DISTINCT_H

#include "column.h"

/* --- numbers --- */

/* Numbers that lie close together have a slot each; others are found by a hash. */
typedef struct fp_numbers {
    uint32_t *slots; /* code + 1; 0: none */
    uint32_t n_slots;
    bool direct;
    int64_t least;
    uint64_t secret[2];
    int64_t *values; /* one a code */
    uint32_t n_values, capacity;
} fp_numbers;

/* least, greatest: bounds of all that will come; n: how many, about. */
fp_status fp_numbers_begin(fp_numbers *numbers, uint64_t seed, int64_t least, int64_t greatest,
                           uint64_t n);
fp_status fp_numbers_encode32(fp_numbers *numbers, const int32_t *values, size_t n,
                              uint32_t *codes);
fp_status fp_numbers_encode64(fp_numbers *numbers, const int64_t *values, size_t n,
                              uint32_t *codes);
void fp_numbers_free(fp_numbers *numbers);

/* --- text --- */

typedef struct fp_mark {
    uint32_t hash;
    uint32_t code_plus_1; /* 0: empty */
} fp_mark;

/* A value's first and last eight bytes; up to 16, these and the size are the value. */
typedef struct fp_ends {
    uint64_t first, last;
    uint32_t size;
    uint32_t at; /* of its first byte in `plain` */
} fp_ends;

typedef struct fp_texts {
    fp_mark *marks; /* a power of two, at most half full */
    fp_ends *values;
    uint32_t n_marks, n_values;
    uint64_t secret[2];
    fp_buffer plain; /* the values, each behind its size in four bytes */
} fp_texts;

void fp_texts_begin(fp_texts *texts, uint64_t seed);
/* Value i is bytes[offsets[i]] .. bytes[offsets[i + 1]]; offsets never fall. Bytes from `end` on
 * are not read. */
fp_status fp_texts_encode(fp_texts *texts, const int32_t *offsets, const uint8_t *bytes,
                          const uint8_t *end, size_t n, uint32_t *codes);
/* The same for value rows[0], rows[1] and so on. */
fp_status fp_texts_encode_rows(fp_texts *texts, const int32_t *offsets, const uint8_t *bytes,
                               const uint8_t *end, const int64_t *rows, size_t n, uint32_t *codes);
void fp_texts_free(fp_texts *texts);

#endif
