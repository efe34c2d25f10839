/* Hashes are made some ahead, so that the slots they lead to are in the cache when they are looked
 * at. */
#include "distinct.h"

#include "dictionary.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_MARKS = 64, AHEAD = 64, ENDS_BYTES = 16 };

void fp_texts_begin(fp_texts *texts, uint64_t seed) {
    *texts = (fp_texts){0};
    for (int i = 0; i < 2; i++) {
        seed += 0x9e3779b97f4a7c15u;
        texts->secret[i] = fp_fold(seed ^ 0xd6e8feb86659fd93u, seed);
    }
}

/* Eight bytes or fewer, zeros behind them. */
static uint64_t load_short(const uint8_t *text, uint32_t size, const uint8_t *end) {
    if (size == 0)
        return 0;
    if (end - text >= 8)
        return fp_load8(text) & UINT64_MAX >> (64 - 8 * size);
    uint64_t word = 0;
    for (uint32_t i = 0; i < size; i++)
        word |= (uint64_t)text[i] << 8 * i;
    return word;
}

FP_INLINE fp_ends read_ends(const uint8_t *text, uint32_t size, const uint8_t *end) {
    if (FP_LIKELY(size >= 8))
        return (fp_ends){fp_load8(text), fp_load8(text + size - 8), size, 0};
    return (fp_ends){load_short(text, size, end), 0, size, 0};
}

/* What lies between the ends, eight bytes at a time; the last eight may overlap. */
static uint64_t hash_middle(uint64_t hash, const uint8_t *text, uint32_t size,
                            const uint64_t secret[2]) {
    for (uint32_t at = 8; at + 8 < size; at += 8)
        hash = fp_fold(hash ^ secret[0], fp_load8(text + at) ^ secret[1]);
    return hash;
}

FP_INLINE uint32_t hash_text(const fp_texts *texts, const fp_ends *ends, const uint8_t *text) {
    uint64_t hash = fp_fold(ends->first ^ texts->secret[0],
                            ends->last ^ texts->secret[1] ^ (uint64_t)ends->size << 56);
    if (FP_UNLIKELY(ends->size > ENDS_BYTES))
        hash = hash_middle(hash ^ ends->size, text, ends->size, texts->secret);
    return (uint32_t)(hash ^ hash >> 32);
}

static void place_mark(fp_mark *marks, uint32_t n_marks, fp_mark mark) {
    uint32_t at = mark.hash & (n_marks - 1);
    while (marks[at].code_plus_1)
        at = (at + 1) & (n_marks - 1);
    marks[at] = mark;
}

static fp_status grow(fp_texts *texts) {
    if (texts->n_marks > UINT32_MAX / 4)
        return FP_ERR_SIZE;
    uint32_t n_marks = texts->n_marks ? texts->n_marks * 2 : FIRST_MARKS;
    fp_mark *marks = calloc(n_marks, sizeof *marks);
    fp_ends *values = realloc(texts->values, n_marks / 2 * sizeof *values);
    if (values)
        texts->values = values;
    if (!marks || !values) {
        free(marks);
        return FP_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < texts->n_marks; i++)
        if (texts->marks[i].code_plus_1)
            place_mark(marks, n_marks, texts->marks[i]);
    free(texts->marks);
    texts->marks = marks;
    texts->n_marks = n_marks;
    return FP_OK;
}

FP_APART fp_status add_text(fp_texts *texts, const fp_ends *ends, const uint8_t *text,
                            uint32_t hash, uint32_t *code) {
    fp_status status = FP_OK;
    uint32_t size = ends->size;
    if (texts->plain.size + 4 + size > INT32_MAX)
        return FP_ERR_SIZE;
    if (2 * (texts->n_values + 1) > texts->n_marks)
        status = grow(texts);
    if (status == FP_OK)
        status = fp_reserve(&texts->plain, 4 + (size_t)size);
    if (status != FP_OK)
        return status;
    uint8_t *out = texts->plain.data + texts->plain.size;
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(size >> 8 * i);
    if (size)
        memcpy(out + 4, text, size);
    texts->values[texts->n_values] = *ends;
    texts->values[texts->n_values].at = (uint32_t)texts->plain.size + 4;
    texts->plain.size += 4 + (size_t)size;
    *code = texts->n_values++;
    place_mark(texts->marks, texts->n_marks, (fp_mark){hash, texts->n_values});
    return FP_OK;
}

FP_INLINE bool is_value(const fp_texts *texts, uint32_t code, const fp_ends *ends,
                        const uint8_t *text) {
    const fp_ends *value = &texts->values[code];
    return value->first == ends->first && value->last == ends->last && value->size == ends->size &&
           (FP_LIKELY(ends->size <= ENDS_BYTES) ||
            fp_equal(texts->plain.data + value->at, text, ends->size));
}

FP_APART fp_status encode_text(fp_texts *texts, const fp_ends *ends, const uint8_t *text,
                               uint32_t hash, uint32_t *code) {
    for (uint32_t i = hash; texts->n_marks; i++) {
        fp_mark mark = texts->marks[i & (texts->n_marks - 1)];
        if (!mark.code_plus_1)
            break;
        if (mark.hash == hash && is_value(texts, mark.code_plus_1 - 1, ends, text)) {
            *code = mark.code_plus_1 - 1;
            return FP_OK;
        }
    }
    return add_text(texts, ends, text, hash, code);
}

/* What is on its way from memory for the next values. */
typedef struct ahead {
    fp_ends ends[AHEAD];
    uint32_t hashes[AHEAD];
    uint32_t likely[AHEAD]; /* code + 1 of the value that it may be, or 0 */
} ahead;

/* rows: which values; NULL: one after another. */
FP_INLINE void look_ahead(const fp_texts *texts, const int32_t *offsets, const uint8_t *bytes,
                          const uint8_t *end, const int64_t *rows, size_t n, ahead *next) {
    for (size_t i = 0; i < n; i++) {
        const int32_t *offset = offsets + (rows ? rows[i] : (int64_t)i);
        const uint8_t *text = bytes + offset[0];
        next->ends[i] = read_ends(text, (uint32_t)(offset[1] - offset[0]), end);
        next->hashes[i] = hash_text(texts, &next->ends[i], text);
        if (texts->n_marks)
            FP_PREFETCH(&texts->marks[next->hashes[i] & (texts->n_marks - 1)]);
    }
    for (size_t i = 0; i < n && texts->n_marks; i++) {
        uint32_t hash = next->hashes[i], mask = texts->n_marks - 1;
        fp_mark mark = texts->marks[hash & mask], second = texts->marks[(hash + 1) & mask];
        uint32_t likely = second.hash == hash ? second.code_plus_1 : 0;
        next->likely[i] = mark.hash == hash ? mark.code_plus_1 : likely;
        if (next->likely[i])
            FP_PREFETCH(&texts->values[next->likely[i] - 1]);
    }
}

FP_INLINE fp_status encode_some(fp_texts *texts, const int32_t *offsets, const uint8_t *bytes,
                                const uint8_t *end, const int64_t *rows, size_t n,
                                uint32_t *codes) {
    ahead next = {.likely = {0}};
    for (size_t some; n; n -= some, codes += some) {
        some = n < AHEAD ? n : AHEAD;
        look_ahead(texts, offsets, bytes, end, rows, some, &next);
        for (size_t i = 0; i < some; i++) {
            const uint8_t *text = bytes + offsets[rows ? rows[i] : (int64_t)i];
            codes[i] = next.likely[i] - 1;
            if (FP_LIKELY(next.likely[i]) && is_value(texts, codes[i], &next.ends[i], text))
                continue;
            fp_status status = encode_text(texts, &next.ends[i], text, next.hashes[i], &codes[i]);
            if (status != FP_OK)
                return status;
        }
        if (rows)
            rows += some;
        else
            offsets += some;
    }
    return FP_OK;
}

fp_status fp_texts_encode(fp_texts *texts, const int32_t *offsets, const uint8_t *bytes,
                          const uint8_t *end, size_t n, uint32_t *codes) {
    return encode_some(texts, offsets, bytes, end, NULL, n, codes);
}

fp_status fp_texts_encode_rows(fp_texts *texts, const int32_t *offsets, const uint8_t *bytes,
                               const uint8_t *end, const int64_t *rows, size_t n, uint32_t *codes) {
    return encode_some(texts, offsets, bytes, end, rows, n, codes);
}

void fp_texts_free(fp_texts *texts) {
    free(texts->marks);
    free(texts->values);
    fp_release(&texts->plain);
    *texts = (fp_texts){0};
}
