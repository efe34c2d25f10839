/* Which rows of Arrow arrays were there before? A set of hashes of whole rows. */
#ifndef FP_SEEN_H
#define FP_SEEN_H

#include "arrow_abi.h"
#include "flowparse.h"
#include "group.h"

/* 96 bits of hash, and the hour that the row belongs to, so that old ones can be dropped. Of 2^30
 * different rows, two have one hash with a probability of 2^-37; 64 bits would leave 2^-5. */
typedef struct fp_seen_row {
    uint64_t hash;
    uint32_t more;
    int32_t hour; /* since 1970; INT32_MIN: none */
} fp_seen_row;

typedef struct fp_seen_set fp_seen_set;

/* NULL: no memory. The same seed gives the same hashes, on any machine. */
fp_seen_set *fp_seen_new(const int *kinds, uint32_t n_columns, uint64_t seed);
void fp_seen_free(fp_seen_set *seen);
/* Takes n rows of arrays, whose kinds are fp_key_kind. hours: int64, or NULL: none has one. Sets
 * the bit of each row that was not there, in `fresh`, which is zeros; *n_fresh: how many. Text
 * counts by its bytes, whether it is TEXT or CODES, and numbers by their value.
 * FP_ERR_STATE: an array contradicts itself; nothing was taken. */
fp_status fp_seen_add(fp_seen_set *seen, const struct ArrowArray *const *arrays,
                      const struct ArrowArray *hours, int64_t n, uint8_t *fresh, int64_t *n_fresh);
/* Drops the rows of hours before this one. */
fp_status fp_seen_forget(fp_seen_set *seen, int32_t hour);
uint64_t fp_seen_count(const fp_seen_set *seen);
size_t fp_seen_bytes(const fp_seen_set *seen);
/* All rows, 16 bytes each, lowest byte first, in no order; and back. */
void fp_seen_save(const fp_seen_set *seen, uint8_t *out);
fp_status fp_seen_load(fp_seen_set *seen, const uint8_t *rows, uint64_t n);

#endif
