/* Two hashes run side by side over the columns of a tile, and give a row's 128 bits, of which 96
 * are kept. The highest bits choose one of many small tables, each of which grows when it is full:
 * so little of the memory is there twice at a time, and what one leaves the next one takes. A row's
 * place follows from its hash by multiplication, so a table need not be a power of two, and is
 * between half and three quarters full. */
#include "seen.h"

#include "group_table.h"

#include <stdlib.h>

enum { PART_BITS = 10, PARTS = 1 << PART_BITS, FIRST_SLOTS = 16, SECRETS = 10 };

typedef struct digest {
    uint64_t a, b;
} digest;

typedef struct column {
    fp_key_kind kind;
    digest *values; /* of a batch's dictionary; a is 0: not yet met */
    size_t n_values;
} column;

typedef struct part {
    fp_seen_row *rows;
    uint32_t n_slots, n_rows;
} part;

struct fp_seen_set {
    part parts[PARTS];
    uint64_t n_rows, n_slots; /* of all of them */
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
    for (uint32_t i = 0; i < PARTS; i++)
        free(seen->parts[i].rows);
    free(seen->columns);
    free(seen);
}

uint64_t fp_seen_count(const fp_seen_set *seen) {
    return seen->n_rows;
}

size_t fp_seen_bytes(const fp_seen_set *seen) {
    size_t size = sizeof *seen + seen->n_slots * sizeof(fp_seen_row);
    for (uint32_t i = 0; i < seen->n_columns; i++)
        size += seen->columns[i].n_values * sizeof(digest);
    return size;
}

/* --- the table --- */

FP_INLINE part *part_of(fp_seen_set *seen, uint64_t hash) {
    return &seen->parts[hash >> (64 - PART_BITS)];
}

FP_INLINE uint32_t place_of(uint64_t hash, uint32_t n_slots) {
    return (uint32_t)((hash << PART_BITS >> 32) * n_slots >> 32);
}

/* Was it new? There is room. */
FP_INLINE bool put_row(part *of, const fp_seen_row *row) {
    uint32_t n_slots = of->n_slots;
    for (uint32_t at = place_of(row->hash, n_slots);; at = at + 1 == n_slots ? 0 : at + 1) {
        if (is_empty(&of->rows[at])) {
            of->rows[at] = *row;
            of->n_rows++;
            return true;
        }
        if (of->rows[at].hash == row->hash && of->rows[at].more == row->more)
            return false;
    }
}

static bool is_kept(const fp_seen_row *row, int32_t hour) {
    return !is_empty(row) && (row->hour >= hour || row->hour == INT32_MIN);
}

/* So many slots, with the rows of hours from `hour` on, or of none. */
static fp_status rebuild(fp_seen_set *seen, part *of, uint64_t n_slots, int32_t hour) {
    if (n_slots > UINT32_MAX)
        return FP_ERR_SIZE;
    part wider = {calloc(n_slots, sizeof(fp_seen_row)), (uint32_t)n_slots, 0};
    if (!wider.rows)
        return FP_ERR_MEMORY;
    for (uint32_t i = 0; i < of->n_slots; i++)
        if (is_kept(&of->rows[i], hour))
            put_row(&wider, &of->rows[i]);
    seen->n_slots += n_slots - of->n_slots;
    seen->n_rows -= of->n_rows - wider.n_rows;
    free(of->rows);
    *of = wider;
    return FP_OK;
}

FP_APART fp_status grow(fp_seen_set *seen, part *of) {
    uint64_t n_slots = of->n_slots ? of->n_slots + (uint64_t)of->n_slots / 2 : FIRST_SLOTS;
    return rebuild(seen, of, n_slots, INT32_MIN);
}

FP_INLINE fp_status add_row(fp_seen_set *seen, const fp_seen_row *row, bool *is_new) {
    part *of = part_of(seen, row->hash);
    if (FP_UNLIKELY((of->n_rows + 1) * (uint64_t)4 > of->n_slots * (uint64_t)3)) {
        fp_status status = grow(seen, of);
        if (status != FP_OK)
            return status;
    }
    *is_new = put_row(of, row);
    seen->n_rows += *is_new;
    return FP_OK;
}

fp_status fp_seen_forget(fp_seen_set *seen, int32_t hour) {
    fp_status status = FP_OK;
    for (uint32_t p = 0; p < PARTS && status == FP_OK; p++) {
        part *of = &seen->parts[p];
        uint32_t kept = 0;
        for (uint32_t i = 0; i < of->n_slots; i++)
            kept += is_kept(&of->rows[i], hour);
        if (kept < of->n_rows) {
            uint64_t n_slots = FIRST_SLOTS + (uint64_t)kept * 2;
            status = rebuild(seen, of, n_slots < of->n_slots ? n_slots : of->n_slots, hour);
        }
    }
    return status;
}

/* --- the hash of a row --- */

/* What two hashes begin with, and what is mixed into every factor. Text has others than rows: with
 * the same, a row of two zeros and an empty text, both fold(begin, factor), took each other out. */
typedef struct salt {
    digest begin, factor;
} salt;

static salt salt_of(const fp_seen_set *seen, int first) {
    const uint64_t *secret = seen->secret + first;
    return (salt){{secret[0], secret[1]}, {secret[2], secret[3]}};
}

enum { SALT_OF_ROWS = 0, SALT_OF_TEXT = 4, SECRET_NULL = 8 };

/* A value of each hash: those of every other column wait for the next one's, and are multiplied
 * with them. */
FP_INLINE void mix(const salt *with, digest *row, bool second, digest value) {
    if (second) {
        row->a = fp_fold(row->a, value.a ^ with->factor.a);
        row->b = fp_fold(row->b, value.b ^ with->factor.b);
    } else {
        row->a ^= value.a;
        row->b ^= value.b;
    }
}

/* Seven bytes or fewer, zeros behind them. */
FP_INLINE uint64_t load_rest(const uint8_t *text, uint32_t size, const uint8_t *end) {
    if (size == 0)
        return 0;
    if (FP_LIKELY(end - text >= 8))
        return fp_load8(text) & UINT64_MAX >> (64 - 8 * size);
    uint64_t word = 0;
    for (uint32_t i = 0; i < size; i++)
        word |= (uint64_t)text[i] << 8 * i;
    return word;
}

/* Two words at a time; the last has at most seven bytes of text, and above them the size, without
 * which "a" and "a\0" were one. */
FP_INLINE digest digest_text(const fp_seen_set *seen, const uint8_t *text, uint32_t size,
                             const uint8_t *end) {
    salt with = salt_of(seen, SALT_OF_TEXT);
    digest found = with.begin;
    uint32_t left = size;
    for (; left >= 16; left -= 16, text += 16) {
        uint64_t first = fp_load8(text), second = fp_load8(text + 8);
        mix(&with, &found, false, (digest){first, first});
        mix(&with, &found, true, (digest){second, second});
    }
    uint64_t first = left >= 8 ? fp_load8(text) : load_rest(text, left, end);
    uint64_t second = (uint64_t)size << 56;
    if (left > 8)
        second |= load_rest(text + 8, left - 8, end);
    mix(&with, &found, false, (digest){first, first});
    mix(&with, &found, true, (digest){second, second});
    return found;
}

FP_INLINE digest digest_null(const fp_seen_set *seen) {
    return (digest){seen->secret[SECRET_NULL], seen->secret[SECRET_NULL + 1]};
}

FP_INLINE void mix_numbers(const fp_seen_set *seen, const struct ArrowArray *array,
                           const fp_tile *tile, digest *rows, bool second, fp_key_kind kind) {
    const void *values = array->buffers[1];
    const uint8_t *validity = fp_validity(array);
    salt with = salt_of(seen, SALT_OF_ROWS);
    for (uint32_t i = 0; i < tile->n; i++) {
        int64_t at = tile->rows[i] + array->offset, value;
        if (validity && !fp_bit(validity, at)) {
            mix(&with, &rows[i], second, digest_null(seen));
            continue;
        }
        if (kind == FP_KEY_BOOL)
            value = fp_bit(values, at);
        else
            value = kind == FP_KEY_INT32 ? ((const int32_t *)values)[at]
                                         : ((const int64_t *)values)[at];
        mix(&with, &rows[i], second, (digest){(uint64_t)value, (uint64_t)value});
    }
}

FP_INLINE void mix_texts(const fp_seen_set *seen, const struct ArrowArray *array,
                         const fp_tile *tile, digest *rows, bool second) {
    fp_array_texts texts = fp_texts_of(array);
    const uint8_t *validity = fp_validity(array);
    salt with = salt_of(seen, SALT_OF_ROWS);
    for (uint32_t i = 0; i < tile->n; i++) {
        int64_t row = tile->rows[i];
        digest value = digest_null(seen);
        if (!validity || fp_bit(validity, row + array->offset)) {
            int32_t begin = texts.offsets[row];
            uint32_t size = (uint32_t)(texts.offsets[row + 1] - begin);
            value = digest_text(seen, texts.bytes + begin, size, texts.end);
        }
        mix(&with, &rows[i], second, value);
    }
}

FP_APART digest meet_value(const fp_seen_set *seen, const struct ArrowArray *values, int32_t code) {
    const uint8_t *validity = fp_validity(values);
    if (validity && !fp_bit(validity, code + values->offset))
        return digest_null(seen);
    fp_array_texts texts = fp_texts_of(values);
    int32_t begin = texts.offsets[code];
    return digest_text(seen, texts.bytes + begin, (uint32_t)(texts.offsets[code + 1] - begin),
                       texts.end);
}

FP_INLINE void mix_codes(const fp_seen_set *seen, digest *values, const struct ArrowArray *array,
                         const fp_tile *tile, digest *rows, bool second) {
    const int32_t *codes = array->buffers[1];
    const uint8_t *validity = fp_validity(array);
    salt with = salt_of(seen, SALT_OF_ROWS);
    for (uint32_t i = 0; i < tile->n; i++) {
        int64_t at = tile->rows[i] + array->offset;
        if (validity && !fp_bit(validity, at)) {
            mix(&with, &rows[i], second, digest_null(seen));
            continue;
        }
        digest *value = &values[codes[at]];
        if (FP_UNLIKELY(value->a == 0))
            *value = meet_value(seen, array->dictionary, codes[at]);
        mix(&with, &rows[i], second, *value);
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

FP_INLINE void mix_kind(const fp_seen_set *seen, const column *of, const struct ArrowArray *array,
                        const fp_tile *tile, digest *rows, bool second) {
    switch (of->kind) {
    case FP_KEY_INT32:
        mix_numbers(seen, array, tile, rows, second, FP_KEY_INT32);
        break;
    case FP_KEY_INT64:
        mix_numbers(seen, array, tile, rows, second, FP_KEY_INT64);
        break;
    case FP_KEY_BOOL:
        mix_numbers(seen, array, tile, rows, second, FP_KEY_BOOL);
        break;
    case FP_KEY_TEXT:
        mix_texts(seen, array, tile, rows, second);
        break;
    default:
        mix_codes(seen, of->values, array, tile, rows, second);
    }
}

static void mix_first(const fp_seen_set *seen, const column *of, const struct ArrowArray *array,
                      const fp_tile *tile, digest *rows) {
    mix_kind(seen, of, array, tile, rows, false);
}

static void mix_second(const fp_seen_set *seen, const column *of, const struct ArrowArray *array,
                       const fp_tile *tile, digest *rows) {
    mix_kind(seen, of, array, tile, rows, true);
}

static void mix_columns(const fp_seen_set *seen, const struct ArrowArray *const *arrays,
                        const fp_tile *tile, digest *rows) {
    salt with = salt_of(seen, SALT_OF_ROWS);
    for (uint32_t i = 0; i < tile->n; i++)
        rows[i] = with.begin;
    for (uint32_t c = 0; c < seen->n_columns; c++)
        (c % 2 ? mix_second : mix_first)(seen, &seen->columns[c], arrays[c], tile, rows);
    if (seen->n_columns % 2)
        for (uint32_t i = 0; i < tile->n; i++)
            mix(&with, &rows[i], true, (digest){0, 0});
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
    mix_columns(seen, arrays, tile, found);
    for (uint32_t i = 0; i < tile->n; i++) {
        found[i].a |= !found[i].a; /* 0 is an empty slot */
        const part *of = part_of(seen, found[i].a);
        if (of->rows)
            FP_PREFETCH(&of->rows[place_of(found[i].a, of->n_slots)]);
    }
    for (uint32_t i = 0; i < tile->n; i++) {
        int64_t row = tile->rows[i];
        fp_seen_row one = {found[i].a, (uint32_t)found[i].b, hour_of(hours, row)};
        bool is_new;
        fp_status status = add_row(seen, &one, &is_new);
        if (status != FP_OK)
            return status;
        fresh[row >> 3] |= (uint8_t)(is_new << (row & 7));
        *n_fresh += is_new;
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
    for (uint32_t p = 0; p < PARTS; p++)
        for (uint32_t i = 0; i < seen->parts[p].n_slots; i++) {
            const fp_seen_row *row = &seen->parts[p].rows[i];
            if (is_empty(row))
                continue;
            fp_store8(out, row->hash);
            fp_store8(out + 8, row->more | (uint64_t)(uint32_t)row->hour << 32);
            out += 16;
        }
}

fp_status fp_seen_load(fp_seen_set *seen, const uint8_t *rows, uint64_t n) {
    fp_status status = FP_OK;
    for (uint64_t i = 0; i < n && status == FP_OK; i++, rows += 16) {
        uint64_t rest = fp_load8(rows + 8);
        fp_seen_row row = {fp_load8(rows), (uint32_t)rest, (int32_t)(rest >> 32)};
        bool is_new;
        if (row.hash)
            status = add_row(seen, &row, &is_new);
    }
    return status;
}
