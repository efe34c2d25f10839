/* What the parts of the group table share. Above them is group.h. */
#ifndef FP_GROUP_TABLE_H
#define FP_GROUP_TABLE_H

#include "arrow_rows.h"
#include "distinct.h"
#include "group.h"

enum { FP_TILE_ROWS = 128 };

/* A key is one lane of 32 bits, or two for INT64, low first. IPv4 text is its address, other text
 * its number in `texts`. */
typedef struct fp_key {
    fp_key_kind kind;
    int64_t every;
    uint32_t lane, mark_lane, mark_shift;
    fp_texts texts;
    uint32_t *numbers; /* of a dictionary's values: number in texts + 1; 0: not yet met */
    size_t n_numbers;
} fp_key;

enum { FP_MARK_NULL = 1, FP_MARK_OTHER = 2 }; /* two bits a key: null; text that is not IPv4 */

/* A sum that is too large for the word of its group, which is then its place among these. */
typedef struct fp_wide {
    uint64_t low;
    int64_t high;
} fp_wide;

typedef struct fp_group_slot {
    uint32_t hash;
    uint32_t id_plus_1; /* 0: empty */
} fp_group_slot;

/* A record is the words of the key, a word a measure, and a word of flags: bit m: measure m has
 * met a value; bit 32 + m: its sum is wide. */
struct fp_groups {
    uint32_t n_keys, n_measures, n_words, record_words;
    fp_key *keys;
    fp_measure_asked *measures;
    fp_group_slot *slots; /* a power of two, at most half full */
    fp_chunk *slots_owner;
    uint32_t n_slots, n_groups, capacity;
    uint64_t *records;
    fp_wide *wides;
    uint32_t n_wides, wide_capacity;
    uint64_t secret[2];
    uint64_t *words; /* the tile's keys, row after row */
};

/* Rows of a tile, as places in an array whose offset is not counted in. */
typedef struct fp_tile {
    uint32_t n;
    int64_t rows[FP_TILE_ROWS];
    uint32_t ids[FP_TILE_ROWS];
} fp_tile;

static inline uint64_t *fp_record(const fp_groups *groups, uint32_t id) {
    return groups->records + (size_t)id * groups->record_words;
}

static inline uint64_t *fp_flags(const fp_groups *groups, uint64_t *record) {
    return record + groups->n_words + groups->n_measures;
}

static inline uint32_t fp_lane(const uint64_t *words, uint32_t lane) {
    return (uint32_t)(words[lane / 2] >> 32 * (lane % 2));
}

static inline void fp_set_lane(uint64_t *words, uint32_t lane, uint32_t value) {
    words[lane / 2] |= (uint64_t)value << 32 * (lane % 2);
}

static inline uint32_t fp_mark_of(const fp_key *key, const uint64_t *words) {
    return fp_lane(words, key->mark_lane) >> key->mark_shift & 3;
}

static inline void fp_set_mark(const fp_key *key, uint64_t *words, uint32_t mark) {
    fp_set_lane(words, key->mark_lane, mark << key->mark_shift);
}

static inline int64_t fp_number_of(const fp_key *key, const uint64_t *words) {
    uint32_t low = fp_lane(words, key->lane);
    if (key->kind != FP_KEY_INT64)
        return (int32_t)low;
    return (int64_t)((uint64_t)fp_lane(words, key->lane + 1) << 32 | low);
}

static inline bool fp_bit(const uint8_t *bits, int64_t at) {
    return bits[at >> 3] >> (at & 7) & 1;
}

/* Text of an array that was checked: value i of its rows is bytes[offsets[i]..offsets[i + 1]]. */
typedef struct fp_array_texts {
    const int32_t *offsets;
    const uint8_t *bytes, *end;
} fp_array_texts;

static inline fp_array_texts fp_texts_of(const struct ArrowArray *array) {
    static const uint8_t nothing[1];
    if (array->length == 0)
        return (fp_array_texts){NULL, nothing, nothing};
    const int32_t *offsets = (const int32_t *)array->buffers[1] + array->offset;
    const uint8_t *bytes = array->buffers[2] ? array->buffers[2] : nothing;
    return (fp_array_texts){offsets, bytes, bytes + offsets[array->length]};
}

/* group_keys.c: are the arrays what they say, and can every number be rounded? Then a tile's
 * values, into words that are zeros. */
fp_status fp_key_check(const fp_key *key, const struct ArrowArray *array, int64_t n);
fp_status fp_key_begin(fp_key *key, const struct ArrowArray *array);
fp_status fp_key_encode(fp_key *key, const struct ArrowArray *array, const fp_tile *tile,
                        uint64_t *words, uint32_t n_words);
/* Its numbers of another's texts, into key->numbers. */
fp_status fp_key_adopt(fp_key *key, const fp_key *other);

/* group_measures.c */
bool fp_measure_check(const fp_measure_asked *asked, const struct ArrowArray *array, int64_t n);
fp_status fp_measure_add(fp_groups *groups, uint32_t measure, const struct ArrowArray *array,
                         const fp_tile *tile);
fp_status fp_measure_absorb(fp_groups *groups, const fp_groups *other, uint32_t first,
                            const fp_tile *tile);
fp_wide fp_measure_wide(const fp_groups *groups, uint32_t measure, uint32_t id);
void fp_wide_add(fp_wide *sum, fp_wide more);
/* The word of a measure that has met nothing. */
static inline uint64_t fp_measure_begin(const fp_measure_asked *asked) {
    if (asked->how == FP_MIN)
        return INT64_MAX;
    return asked->how == FP_MAX ? (uint64_t)INT64_MIN : 0;
}

#endif
