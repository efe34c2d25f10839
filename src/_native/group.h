/* Rows of Arrow arrays by key: a number for each group, and measures of it. */
#ifndef FP_GROUP_H
#define FP_GROUP_H

#include "arrow_abi.h"
#include "flowparse.h"

enum { FP_GROUP_KEYS_MAX = 32, FP_GROUP_MEASURES_MAX = 32 };

/* What arrays of a key hold: numbers of a width, a bit a row, utf8 or binary, or int32 codes of a
 * dictionary of that. */
typedef enum fp_key_kind {
    FP_KEY_INT32,
    FP_KEY_INT64,
    FP_KEY_BOOL,
    FP_KEY_TEXT,
    FP_KEY_CODES,
} fp_key_kind;

typedef struct fp_key_asked {
    int kind;      /* an fp_key_kind */
    int64_t every; /* INT64: rounded down to a multiple of this; 0: as it is */
} fp_key_asked;

typedef enum fp_measure_how {
    FP_COUNT, /* rows: has no array */
    FP_VALID, /* rows in which an array of any kind is not null */
    FP_SUM,   /* whatever it comes to: no sum overflows in here */
    FP_MIN,
    FP_MAX,
    FP_OR,
    FP_MINUTES, /* bit m: a time lay in minute m of an hour */
} fp_measure_how;

typedef struct fp_measure_asked {
    int how;      /* an fp_measure_how */
    int kind;     /* INT32, INT64 or BOOL */
    int64_t unit; /* MINUTES: so many a second */
} fp_measure_asked;

typedef struct fp_groups fp_groups;

/* NULL: no memory. seed: so that nobody can choose keys that collide. */
fp_groups *fp_groups_new(const fp_key_asked *keys, uint32_t n_keys,
                         const fp_measure_asked *measures, uint32_t n_measures, uint64_t seed);
void fp_groups_free(fp_groups *groups);
/* Takes n rows; arrays have as many, one a key and one a measure. where: a bit a row, of which
 * false and null leave it out, or NULL. numbers: the group of each row, or NULL; not set for rows
 * that are left out. FP_ERR_STATE: an array contradicts itself, and FP_ERR_SIZE: a number cannot
 * be rounded down: nothing was taken. FP_ERR_SIZE is also more groups or text than 32 bits count.
 */
fp_status fp_groups_add(fp_groups *groups, const struct ArrowArray *const *keys,
                        const struct ArrowArray *const *measures, const struct ArrowArray *where,
                        int64_t n, uint32_t *numbers);
/* Takes the groups of another of the same keys and measures. */
fp_status fp_groups_absorb(fp_groups *groups, const fp_groups *other);
/* Puts each group in one of so many parts, by a hash of its key: the same key is in the same part
 * in all tables of one seed. turn: another one parts them otherwise. */
void fp_groups_part(const fp_groups *groups, uint32_t n_parts, uint32_t turn, uint8_t *parts);
uint32_t fp_groups_count(const fp_groups *groups);
size_t fp_groups_bytes(const fp_groups *groups);

/* --- what came of it --- */

/* Some of the groups, in order: n from `first` on, or ids[0..n). */
typedef struct fp_chosen {
    const uint32_t *ids;
    uint32_t first, n;
} fp_chosen;

/* Each sets a bit in `valid`, which is zeros, for a group that is not null, and returns how many
 * are. INT64 is eight bytes a group; INT32, BOOL and CODES are four. */
uint32_t fp_groups_numbers(const fp_groups *groups, uint32_t key, fp_chosen chosen, void *values,
                           uint8_t *valid);
/* Of TEXT: n + 1 offsets; -1: they do not fit. */
int64_t fp_groups_offsets(const fp_groups *groups, uint32_t key, fp_chosen chosen, int32_t *offsets,
                          uint8_t *valid);
void fp_groups_text(const fp_groups *groups, uint32_t key, fp_chosen chosen, const int32_t *offsets,
                    uint8_t *bytes);
/* The dictionary of CODES, each value behind its size in four bytes, lowest first. */
fp_text fp_groups_values(const fp_groups *groups, uint32_t key, uint32_t *n);
/* *wide: a group whose sum does not fit, or UINT32_MAX. */
uint32_t fp_groups_measure(const fp_groups *groups, uint32_t measure, fp_chosen chosen,
                           int64_t *values, uint8_t *valid, uint32_t *wide);
/* high * 2^64 + low, of one group or, for UINT32_MAX, the sum of all groups. */
void fp_groups_wide(const fp_groups *groups, uint32_t measure, uint32_t id, int64_t *high,
                    uint64_t *low);
/* The groups with the largest measure, largest first; among equals those whose keys are less, key
 * after key; null is last. ids: room for `limit`. Returns their number. */
uint32_t fp_groups_top(const fp_groups *groups, uint32_t measure, uint32_t limit, uint32_t *ids);

#endif
