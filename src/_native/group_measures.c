/* What is kept of each group. Each of them can be put together from parts, in any order. */
#include "group_table.h"

#include <stdlib.h>

bool fp_measure_check(const fp_measure_asked *asked, const struct ArrowArray *array, int64_t n) {
    if (asked->how != FP_VALID)
        return array->length == n && fp_is_fixed_width(array);
    return array->length == n && array->offset >= 0 && array->offset <= INT64_MAX - n &&
           array->n_buffers >= 1 && array->buffers && (array->null_count <= 0 || array->buffers[0]);
}

/* --- sums --- */

void fp_wide_add(fp_wide *sum, fp_wide more) {
    sum->low += more.low;
    uint64_t high = (uint64_t)sum->high + (uint64_t)more.high + (sum->low < more.low);
    sum->high = (int64_t)high;
}

static fp_wide widen(int64_t value) {
    return (fp_wide){(uint64_t)value, value < 0 ? -1 : 0};
}

fp_wide fp_measure_wide(const fp_groups *groups, uint32_t measure, uint32_t id) {
    uint64_t *record = fp_record(groups, id), word = record[groups->n_words + measure];
    return *fp_flags(groups, record) >> (32 + measure) & 1 ? groups->wides[word]
                                                           : widen((int64_t)word);
}

/* Adds to the sum of a group that is wide, or becomes so. */
FP_APART fp_status add_wide(fp_groups *groups, uint32_t measure, uint32_t id, fp_wide more) {
    uint64_t *record = fp_record(groups, id), *flags = fp_flags(groups, record);
    uint64_t *word = record + groups->n_words + measure, wide = (uint64_t)1 << (32 + measure);
    if (*flags & wide) {
        fp_wide_add(&groups->wides[*word], more);
        return FP_OK;
    }
    fp_wide sum = widen((int64_t)*word);
    fp_wide_add(&sum, more);
    if (sum.high == ((int64_t)sum.low < 0 ? -1 : 0)) {
        *word = sum.low;
        return FP_OK;
    }
    if (groups->n_wides == groups->wide_capacity) {
        if (groups->wide_capacity > UINT32_MAX / 4)
            return FP_ERR_SIZE;
        uint32_t capacity = groups->wide_capacity ? groups->wide_capacity * 2 : 16;
        fp_wide *wides = realloc(groups->wides, capacity * sizeof *wides);
        if (!wides)
            return FP_ERR_MEMORY;
        groups->wides = wides;
        groups->wide_capacity = capacity;
    }
    groups->wides[groups->n_wides] = sum;
    *word = groups->n_wides++;
    *flags |= wide;
    return FP_OK;
}

FP_INLINE fp_status add_number(fp_groups *groups, uint32_t measure, uint32_t id, uint64_t *word,
                               uint64_t flags, int64_t value) {
    uint64_t sum = *word + (uint64_t)value;
    bool over = ((*word ^ sum) & ((uint64_t)value ^ sum)) >> 63;
    if (FP_UNLIKELY(over || flags >> (32 + measure) & 1))
        return add_wide(groups, measure, id, widen(value));
    *word = sum;
    return FP_OK;
}

/* --- rows --- */

FP_INLINE int64_t value_at(const void *values, int kind, int64_t at) {
    if (kind == FP_KEY_BOOL)
        return fp_bit(values, at);
    return kind == FP_KEY_INT32 ? ((const int32_t *)values)[at] : ((const int64_t *)values)[at];
}

static uint64_t minute_bit(int64_t time, int64_t unit) {
    int64_t minute = time / (unit * 60) - (time % (unit * 60) < 0);
    minute %= 60;
    return (uint64_t)1 << (minute < 0 ? minute + 60 : minute);
}

FP_INLINE fp_status add_values(fp_groups *groups, uint32_t measure, const struct ArrowArray *array,
                               const fp_tile *tile, int how, int kind) {
    const uint8_t *validity = fp_validity(array);
    int64_t unit = groups->measures[measure].unit;
    for (uint32_t i = 0; i < tile->n; i++) {
        int64_t at = tile->rows[i] + array->offset;
        if (validity && !fp_bit(validity, at))
            continue;
        int64_t value = value_at(array->buffers[1], kind, at);
        uint64_t *record = fp_record(groups, tile->ids[i]), *flags = fp_flags(groups, record);
        uint64_t *word = record + groups->n_words + measure;
        fp_status status = FP_OK;
        if (how == FP_SUM)
            status = add_number(groups, measure, tile->ids[i], word, *flags, value);
        else if (how == FP_MIN)
            *word = value < (int64_t)*word ? (uint64_t)value : *word;
        else if (how == FP_MAX)
            *word = value > (int64_t)*word ? (uint64_t)value : *word;
        else
            *word |= how == FP_OR ? (uint64_t)value : minute_bit(value, unit);
        *flags |= (uint64_t)1 << measure;
        if (FP_UNLIKELY(status != FP_OK))
            return status;
    }
    return FP_OK;
}

FP_INLINE fp_status add_kind(fp_groups *groups, uint32_t measure, const struct ArrowArray *array,
                             const fp_tile *tile, int kind) {
    switch (groups->measures[measure].how) {
    case FP_SUM:
        return add_values(groups, measure, array, tile, FP_SUM, kind);
    case FP_MIN:
        return add_values(groups, measure, array, tile, FP_MIN, kind);
    case FP_MAX:
        return add_values(groups, measure, array, tile, FP_MAX, kind);
    case FP_OR:
        return add_values(groups, measure, array, tile, FP_OR, kind);
    default:
        return add_values(groups, measure, array, tile, FP_MINUTES, kind);
    }
}

static void count_rows(fp_groups *groups, uint32_t measure, const uint8_t *validity, int64_t offset,
                       const fp_tile *tile) {
    for (uint32_t i = 0; i < tile->n; i++) {
        uint64_t *record = fp_record(groups, tile->ids[i]);
        record[groups->n_words + measure] += !validity || fp_bit(validity, tile->rows[i] + offset);
    }
}

fp_status fp_measure_add(fp_groups *groups, uint32_t measure, const struct ArrowArray *array,
                         const fp_tile *tile) {
    const fp_measure_asked *asked = &groups->measures[measure];
    if (asked->how == FP_COUNT || asked->how == FP_VALID) {
        const uint8_t *validity = asked->how == FP_VALID ? fp_validity(array) : NULL;
        count_rows(groups, measure, validity, validity ? array->offset : 0, tile);
        return FP_OK;
    }
    if (asked->kind == FP_KEY_BOOL)
        return add_kind(groups, measure, array, tile, FP_KEY_BOOL);
    if (asked->kind == FP_KEY_INT32)
        return add_kind(groups, measure, array, tile, FP_KEY_INT32);
    return add_kind(groups, measure, array, tile, FP_KEY_INT64);
}

/* --- another's groups --- */

static fp_status absorb_one(fp_groups *groups, uint32_t measure, uint32_t id,
                            const fp_groups *other, uint32_t other_id) {
    uint64_t *word = fp_record(groups, id) + groups->n_words + measure;
    uint64_t more = fp_record(other, other_id)[groups->n_words + measure];
    switch (groups->measures[measure].how) {
    case FP_MIN:
        *word = (int64_t)more < (int64_t)*word ? more : *word;
        break;
    case FP_MAX:
        *word = (int64_t)more > (int64_t)*word ? more : *word;
        break;
    case FP_SUM:
        return add_wide(groups, measure, id, fp_measure_wide(other, measure, other_id));
    case FP_COUNT:
    case FP_VALID:
        *word += more;
        break;
    default:
        *word |= more;
    }
    return FP_OK;
}

fp_status fp_measure_absorb(fp_groups *groups, const fp_groups *other, uint32_t first,
                            const fp_tile *tile) {
    for (uint32_t i = 0; i < tile->n; i++) {
        uint64_t *flags = fp_flags(groups, fp_record(groups, tile->ids[i]));
        *flags |= *fp_flags(other, fp_record(other, first + i)) & UINT32_MAX;
        for (uint32_t m = 0; m < groups->n_measures; m++) {
            fp_status status = absorb_one(groups, m, tile->ids[i], other, first + i);
            if (status != FP_OK)
                return status;
        }
    }
    return FP_OK;
}
