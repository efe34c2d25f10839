/* Two hashes run side by side over the columns of a tile, and give a row's 128 bits, of which 96
 * are kept. A row's place in the table follows from its hash by multiplication, so the table need
 * not be a power of two, and is between half and three quarters full. */
#include "seen.h"

#include "group_table.h"

#include <stdlib.h>

enum { FIRST_ROWS = 1024, SECRETS = 6 };

typedef struct digest {
    uint64_t a, b;
} digest;

typedef struct column {
    fp_key_kind kind;
    digest *values; /* of a batch's dictionary; a is 0: not yet met */
    size_t n_values;
} column;

struct fp_seen_set {
    fp_seen_row *rows;
    fp_chunk *owner; /* of them */
    uint32_t n_slots, n_rows;
    uint64_t secret[SECRETS];
    column *columns;
    uint32_t n_columns;
};

static bool is_empty(const fp_seen_row *row) {
    return row->hash == 0;
}

fp_seen_set *fp_seen_new(const int *kinds, uint32_t n_columns, uint64_t seed) {
    fp_seen_set *seen = calloc(1, sizeof *seen);
    if (!seen)
        return NULL;
    for (int i = 0; i < SECRETS; i++) {
        seed += 0x9e3779b97f4a7c15u;
        seen->secret[i] = fp_fold(seed ^ 0xd6e8feb86659fd93u, seed) | 1;
    }
    seen->columns = calloc(n_columns + 1, sizeof *seen->columns);
    if (!seen->columns) {
        free(seen);
        return NULL;
    }
    seen->n_columns = n_columns;
    for (uint32_t i = 0; i < n_columns; i++)
        seen->columns[i].kind = (fp_key_kind)kinds[i];
    return seen;
}

void fp_seen_free(fp_seen_set *seen) {
    if (!seen)
        return;
    for (uint32_t i = 0; i < seen->n_columns; i++)
        free(seen->columns[i].values);
    fp_deallocate((uint8_t *)seen->rows, seen->owner);
    free(seen->columns);
    free(seen);
}

uint64_t fp_seen_count(const fp_seen_set *seen) {
    return seen->n_rows;
}

size_t fp_seen_bytes(const fp_seen_set *seen) {
    size_t size = seen->n_slots * sizeof *seen->rows;
    for (uint32_t i = 0; i < seen->n_columns; i++)
        size += seen->columns[i].n_values * sizeof(digest);
    return size;
}

/* --- the table --- */

FP_INLINE uint32_t place_of(uint64_t hash, uint32_t n_slots) {
    return (uint32_t)((hash >> 32) * n_slots >> 32);
}

/* Was it new? There is room. */
FP_INLINE bool put_row(fp_seen_row *rows, uint32_t n_slots, const fp_seen_row *row) {
    for (uint32_t at = place_of(row->hash, n_slots);; at = at + 1 == n_slots ? 0 : at + 1) {
        if (is_empty(&rows[at])) {
            rows[at] = *row;
            return true;
        }
        if (rows[at].hash == row->hash && rows[at].more == row->more)
            return false;
    }
}

/* A table of at least so many slots, with the rows of hours from `hour` on, or of none. */
static fp_status rebuild(fp_seen_set *seen, uint64_t n_slots, int32_t hour) {
    if (n_slots > UINT32_MAX)
        return FP_ERR_SIZE;
    fp_chunk *owner;
    uint8_t *memory = fp_allocate_zeros(n_slots * sizeof(fp_seen_row), &owner);
    fp_seen_row *rows = (fp_seen_row *)(void *)memory;
    if (!rows)
        return FP_ERR_MEMORY;
    seen->n_rows = 0;
    for (uint32_t i = 0; i < seen->n_slots; i++) {
        const fp_seen_row *row = &seen->rows[i];
        if (!is_empty(row) && (row->hour >= hour || row->hour == INT32_MIN))
            seen->n_rows += put_row(rows, (uint32_t)n_slots, row);
    }
    fp_deallocate((uint8_t *)seen->rows, seen->owner);
    seen->rows = rows;
    seen->owner = owner;
    seen->n_slots = (uint32_t)n_slots;
    return FP_OK;
}

static fp_status make_room(fp_seen_set *seen, uint64_t more) {
    uint64_t least = seen->n_rows + more;
    if (least * 4 <= (uint64_t)seen->n_slots * 3)
        return FP_OK;
    uint64_t n_slots = seen->n_slots ? seen->n_slots : FIRST_ROWS;
    while (least * 4 > n_slots * 3)
        n_slots += n_slots / 2;
    return rebuild(seen, n_slots, INT32_MIN);
}

fp_status fp_seen_forget(fp_seen_set *seen, int32_t hour) {
    uint64_t kept = 0;
    for (uint32_t i = 0; i < seen->n_slots; i++) {
        const fp_seen_row *row = &seen->rows[i];
        kept += !is_empty(row) && (row->hour >= hour || row->hour == INT32_MIN);
    }
    uint64_t n_slots = kept * 2 > FIRST_ROWS ? kept * 2 : FIRST_ROWS;
    if (kept == seen->n_rows)
        return FP_OK;
    return rebuild(seen, n_slots < seen->n_slots ? n_slots : seen->n_slots, hour);
}

/* --- the hash of a row --- */

FP_INLINE void mix(const fp_seen_set *seen, digest *row, uint64_t a, uint64_t b) {
    row->a = fp_fold(row->a ^ a, seen->secret[0]);
    row->b = fp_fold(row->b ^ b, seen->secret[1]);
}

/* Word after word; the last has at most seven bytes of text, and above them the size, without
 * which "a" and "a\0" were one. */
FP_INLINE digest digest_text(const fp_seen_set *seen, const uint8_t *text, uint32_t size,
                             const uint8_t *end) {
    digest found = {seen->secret[2], seen->secret[3]};
    uint64_t word = (uint64_t)size << 56;
    uint32_t at = 0;
    for (; at + 8 <= size; at += 8) {
        uint64_t whole = fp_load8(text + at);
        mix(seen, &found, whole, whole);
    }
    if (at < size && FP_LIKELY(end - (text + at) >= 8))
        word |= fp_load8(text + at) & UINT64_MAX >> (64 - 8 * (size - at));
    else
        for (uint32_t i = 0; at + i < size; i++)
            word |= (uint64_t)text[at + i] << 8 * i;
    mix(seen, &found, word, word);
    return found;
}

FP_INLINE void mix_null(const fp_seen_set *seen, digest *row) {
    mix(seen, row, seen->secret[4], seen->secret[5]);
}

FP_INLINE void mix_numbers(const fp_seen_set *seen, const struct ArrowArray *array,
                           const fp_tile *tile, digest *rows, fp_key_kind kind) {
    const void *values = array->buffers[1];
    const uint8_t *validity = fp_validity(array);
    for (uint32_t i = 0; i < tile->n; i++) {
        int64_t at = tile->rows[i] + array->offset, value;
        if (validity && !fp_bit(validity, at)) {
            mix_null(seen, &rows[i]);
            continue;
        }
        if (kind == FP_KEY_BOOL)
            value = fp_bit(values, at);
        else
            value = kind == FP_KEY_INT32 ? ((const int32_t *)values)[at]
                                         : ((const int64_t *)values)[at];
        mix(seen, &rows[i], (uint64_t)value, (uint64_t)value);
    }
}

static void mix_texts(const fp_seen_set *seen, const struct ArrowArray *array, const fp_tile *tile,
                      digest *rows) {
    fp_array_texts texts = fp_texts_of(array);
    const uint8_t *validity = fp_validity(array);
    for (uint32_t i = 0; i < tile->n; i++) {
        int64_t row = tile->rows[i];
        if (validity && !fp_bit(validity, row + array->offset)) {
            mix_null(seen, &rows[i]);
            continue;
        }
        int32_t begin = texts.offsets[row];
        uint32_t size = (uint32_t)(texts.offsets[row + 1] - begin);
        digest found = digest_text(seen, texts.bytes + begin, size, texts.end);
        mix(seen, &rows[i], found.a, found.b);
    }
}

FP_APART digest meet_value(const fp_seen_set *seen, const struct ArrowArray *values, int32_t code) {
    const uint8_t *validity = fp_validity(values);
    if (validity && !fp_bit(validity, code + values->offset))
        return (digest){seen->secret[4], seen->secret[5]};
    fp_array_texts texts = fp_texts_of(values);
    int32_t begin = texts.offsets[code];
    return digest_text(seen, texts.bytes + begin, (uint32_t)(texts.offsets[code + 1] - begin),
                       texts.end);
}

static void mix_codes(const fp_seen_set *seen, digest *values, const struct ArrowArray *array,
                      const fp_tile *tile, digest *rows) {
    const int32_t *codes = array->buffers[1];
    const uint8_t *validity = fp_validity(array);
    for (uint32_t i = 0; i < tile->n; i++) {
        int64_t at = tile->rows[i] + array->offset;
        if (validity && !fp_bit(validity, at)) {
            mix_null(seen, &rows[i]);
            continue;
        }
        digest *value = &values[codes[at]];
        if (FP_UNLIKELY(value->a == 0))
            *value = meet_value(seen, array->dictionary, codes[at]);
        mix(seen, &rows[i], value->a, value->b);
    }
}

static fp_status hold_values(column *of, size_t n) {
    if (n > of->n_values) {
        free(of->values);
        of->values = malloc(n * sizeof *of->values);
        of->n_values = of->values ? n : 0;
        if (!of->values)
            return FP_ERR_MEMORY;
    }
    if (n)
        memset(of->values, 0, n * sizeof *of->values);
    return FP_OK;
}

static void mix_column(const fp_seen_set *seen, const column *of, const struct ArrowArray *array,
                       const fp_tile *tile, digest *rows) {
    switch (of->kind) {
    case FP_KEY_INT32:
        mix_numbers(seen, array, tile, rows, FP_KEY_INT32);
        break;
    case FP_KEY_INT64:
        mix_numbers(seen, array, tile, rows, FP_KEY_INT64);
        break;
    case FP_KEY_BOOL:
        mix_numbers(seen, array, tile, rows, FP_KEY_BOOL);
        break;
    case FP_KEY_TEXT:
        mix_texts(seen, array, tile, rows);
        break;
    default:
        mix_codes(seen, of->values, array, tile, rows);
    }
}

/* --- rows --- */

static int32_t hour_of(const struct ArrowArray *hours, int64_t row) {
    const uint8_t *validity = hours ? fp_validity(hours) : NULL;
    if (!hours || (validity && !fp_bit(validity, row + hours->offset)))
        return INT32_MIN;
    int64_t hour = ((const int64_t *)hours->buffers[1])[row + hours->offset];
    return hour > INT32_MAX ? INT32_MAX : hour <= INT32_MIN ? INT32_MIN + 1 : (int32_t)hour;
}

static fp_status add_tile(fp_seen_set *seen, const struct ArrowArray *const *arrays,
                          const struct ArrowArray *hours, const fp_tile *tile, uint8_t *fresh,
                          int64_t *n_fresh) {
    digest found[FP_TILE_ROWS];
    fp_status status = make_room(seen, tile->n);
    if (status != FP_OK)
        return status;
    for (uint32_t i = 0; i < tile->n; i++)
        found[i] = (digest){seen->secret[2], seen->secret[3]};
    for (uint32_t c = 0; c < seen->n_columns; c++)
        mix_column(seen, &seen->columns[c], arrays[c], tile, found);
    for (uint32_t i = 0; i < tile->n; i++) /* 0 is an empty slot */
        FP_PREFETCH(&seen->rows[place_of(found[i].a |= !found[i].a, seen->n_slots)]);
    for (uint32_t i = 0; i < tile->n; i++) {
        int64_t row = tile->rows[i];
        fp_seen_row one = {found[i].a, (uint32_t)found[i].b, hour_of(hours, row)};
        if (put_row(seen->rows, seen->n_slots, &one)) {
            fresh[row >> 3] |= (uint8_t)(1 << (row & 7));
            seen->n_rows++;
            ++*n_fresh;
        }
    }
    return FP_OK;
}

fp_status fp_seen_add(fp_seen_set *seen, const struct ArrowArray *const *arrays,
                      const struct ArrowArray *hours, int64_t n, uint8_t *fresh, int64_t *n_fresh) {
    *n_fresh = 0;
    if (hours && (!fp_is_fixed_width(hours) || hours->length != n))
        return FP_ERR_STATE;
    for (uint32_t c = 0; c < seen->n_columns; c++) {
        fp_key key = {.kind = seen->columns[c].kind};
        if (fp_key_check(&key, arrays[c], n) != FP_OK)
            return FP_ERR_STATE;
    }
    fp_status status = FP_OK;
    for (uint32_t c = 0; c < seen->n_columns && status == FP_OK; c++)
        if (seen->columns[c].kind == FP_KEY_CODES)
            status = hold_values(&seen->columns[c], (size_t)arrays[c]->dictionary->length);
    fp_tile tile;
    for (int64_t at = 0; at < n && status == FP_OK; at += tile.n) {
        tile.n = n - at < FP_TILE_ROWS ? (uint32_t)(n - at) : FP_TILE_ROWS;
        for (uint32_t i = 0; i < tile.n; i++)
            tile.rows[i] = at + i;
        status = add_tile(seen, arrays, hours, &tile, fresh, n_fresh);
    }
    return status;
}

/* --- saved --- */

void fp_seen_save(const fp_seen_set *seen, uint8_t *out) {
    for (uint32_t i = 0; i < seen->n_slots; i++) {
        const fp_seen_row *row = &seen->rows[i];
        if (is_empty(row))
            continue;
        fp_store8(out, row->hash);
        fp_store8(out + 8, row->more | (uint64_t)(uint32_t)row->hour << 32);
        out += 16;
    }
}

fp_status fp_seen_load(fp_seen_set *seen, const uint8_t *rows, uint64_t n) {
    fp_status status = make_room(seen, n);
    for (uint64_t i = 0; i < n && status == FP_OK; i++, rows += 16) {
        uint64_t rest = fp_load8(rows + 8);
        fp_seen_row row = {fp_load8(rows), (uint32_t)rest, (int32_t)(rest >> 32)};
        if (row.hash)
            seen->n_rows += put_row(seen->rows, seen->n_slots, &row);
    }
    return status;
}
