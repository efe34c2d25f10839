/* The values of a key -> lanes, from which they follow again. */
#include "address_code.h"
#include "group_table.h"

#include <stdlib.h>

/* --- are the arrays what they say? --- */

static bool check_codes(const struct ArrowArray *array) {
    const struct ArrowArray *values = array->dictionary;
    if (!values || !fp_is_text(values) || values->length > INT32_MAX)
        return false;
    if (array->length == 0)
        return true;
    const int32_t *codes = (const int32_t *)array->buffers[1] + array->offset;
    const uint8_t *validity = fp_validity(array);
    uint32_t n = (uint32_t)values->length;
    bool sound = true;
    for (int64_t i = 0; i < array->length; i++)
        sound &= (uint32_t)codes[i] < n || (validity && !fp_bit(validity, i + array->offset));
    return sound;
}

static int64_t rest_of(int64_t number, int64_t every) {
    int64_t rest = number % every;
    return rest < 0 ? rest + every : rest;
}

static bool can_round(const struct ArrowArray *array, int64_t every) {
    const int64_t *values = (const int64_t *)array->buffers[1] + array->offset;
    const uint8_t *validity = fp_validity(array);
    int64_t least = every > 1 ? INT64_MIN + every : INT64_MIN;
    for (int64_t i = 0; i < array->length; i++)
        if (values[i] < least && (!validity || fp_bit(validity, i + array->offset)) &&
            values[i] - INT64_MIN < rest_of(values[i], every))
            return false;
    return true;
}

fp_status fp_key_check(const fp_key *key, const struct ArrowArray *array, int64_t n) {
    bool text = key->kind == FP_KEY_TEXT;
    if (array->length != n || !(text ? fp_is_text(array) : fp_is_fixed_width(array)))
        return FP_ERR_STATE;
    if (key->kind == FP_KEY_CODES && !check_codes(array))
        return FP_ERR_STATE;
    return n && key->every && !can_round(array, key->every) ? FP_ERR_SIZE : FP_OK;
}

/* --- a tile --- */

static fp_status hold_numbers(fp_key *key, size_t n) {
    if (n > key->n_numbers) {
        free(key->numbers);
        key->numbers = calloc(n, sizeof *key->numbers);
        key->n_numbers = key->numbers ? n : 0;
        return key->numbers ? FP_OK : FP_ERR_MEMORY;
    }
    if (n)
        memset(key->numbers, 0, n * sizeof *key->numbers);
    return FP_OK;
}

fp_status fp_key_begin(fp_key *key, const struct ArrowArray *array) {
    return key->kind == FP_KEY_CODES ? hold_numbers(key, (size_t)array->dictionary->length) : FP_OK;
}

FP_INLINE bool is_null(const uint8_t *validity, int64_t at) {
    return validity && !fp_bit(validity, at);
}

static void encode_int32(const fp_key *key, const struct ArrowArray *array, const fp_tile *tile,
                         uint64_t *words, uint32_t n_words) {
    const int32_t *values = array->buffers[1];
    const uint8_t *validity = fp_validity(array);
    for (uint32_t i = 0; i < tile->n; i++, words += n_words) {
        int64_t at = tile->rows[i] + array->offset;
        if (is_null(validity, at))
            fp_set_mark(key, words, FP_MARK_NULL);
        else
            fp_set_lane(words, key->lane, (uint32_t)values[at]);
    }
}

static void encode_int64(const fp_key *key, const struct ArrowArray *array, const fp_tile *tile,
                         uint64_t *words, uint32_t n_words) {
    const int64_t *values = array->buffers[1];
    const uint8_t *validity = fp_validity(array);
    int64_t base = 0, next = 0; /* numbers from base to before next round down to base */
    for (uint32_t i = 0; i < tile->n; i++, words += n_words) {
        int64_t at = tile->rows[i] + array->offset;
        if (is_null(validity, at)) {
            fp_set_mark(key, words, FP_MARK_NULL);
            continue;
        }
        int64_t value = values[at];
        if (key->every && (value < base || value >= next)) {
            base = value - rest_of(value, key->every);
            next = base > INT64_MAX - key->every ? INT64_MAX : base + key->every;
        }
        uint64_t number = (uint64_t)(key->every ? base : value);
        fp_set_lane(words, key->lane, (uint32_t)number);
        fp_set_lane(words, key->lane + 1, (uint32_t)(number >> 32));
    }
}

static void encode_bool(const fp_key *key, const struct ArrowArray *array, const fp_tile *tile,
                        uint64_t *words, uint32_t n_words) {
    const uint8_t *values = array->buffers[1], *validity = fp_validity(array);
    for (uint32_t i = 0; i < tile->n; i++, words += n_words) {
        int64_t at = tile->rows[i] + array->offset;
        if (is_null(validity, at))
            fp_set_mark(key, words, FP_MARK_NULL);
        else
            fp_set_lane(words, key->lane, fp_bit(values, at));
    }
}

/* Rows of text that have no number yet. */
typedef struct other_texts {
    int64_t rows[FP_TILE_ROWS];
    uint32_t places[FP_TILE_ROWS], n;
} other_texts;

static void encode_ipv4(const fp_key *key, const struct ArrowArray *array, fp_array_texts texts,
                        const fp_tile *tile, uint64_t *words, uint32_t n_words,
                        other_texts *others) {
    const uint8_t *validity = fp_validity(array);
    uint32_t bits[FP_TILE_ROWS];
    uint8_t is_ipv4[FP_TILE_ROWS];
    fp_code_addresses(texts.bytes, texts.offsets, tile->rows, tile->n, texts.end, bits, is_ipv4);
    others->n = 0;
    for (uint32_t i = 0; i < tile->n; i++) {
        uint64_t *at = words + (size_t)i * n_words;
        if (is_null(validity, tile->rows[i] + array->offset)) {
            fp_set_mark(key, at, FP_MARK_NULL);
            continue;
        }
        fp_set_lane(at, key->lane, bits[i] & (0 - (uint32_t)is_ipv4[i]));
        others->rows[others->n] = tile->rows[i];
        others->places[others->n] = i;
        others->n += !is_ipv4[i];
    }
}

static fp_status encode_text(fp_key *key, const struct ArrowArray *array, const fp_tile *tile,
                             uint64_t *words, uint32_t n_words) {
    fp_array_texts texts = fp_texts_of(array);
    other_texts others;
    uint32_t numbers[FP_TILE_ROWS];
    encode_ipv4(key, array, texts, tile, words, n_words, &others);
    if (others.n == 0)
        return FP_OK;
    fp_status status = fp_texts_encode_rows(&key->texts, texts.offsets, texts.bytes, texts.end,
                                            others.rows, others.n, numbers);
    for (uint32_t i = 0; i < others.n && status == FP_OK; i++) {
        uint64_t *at = words + (size_t)others.places[i] * n_words;
        fp_set_mark(key, at, FP_MARK_OTHER);
        fp_set_lane(at, key->lane, numbers[i]);
    }
    return status;
}

/* A dictionary's value, met for the first time; a null among them stays without a number. */
FP_APART fp_status meet_value(fp_key *key, const struct ArrowArray *values, int64_t code) {
    fp_array_texts texts = fp_texts_of(values);
    if (is_null(fp_validity(values), code + values->offset))
        return FP_OK;
    uint32_t number;
    fp_status status =
        fp_texts_encode_rows(&key->texts, texts.offsets, texts.bytes, texts.end, &code, 1, &number);
    if (status == FP_OK)
        key->numbers[code] = number + 1;
    return status;
}

static fp_status encode_codes(fp_key *key, const struct ArrowArray *array, const fp_tile *tile,
                              uint64_t *words, uint32_t n_words) {
    const int32_t *codes = array->buffers[1];
    const uint8_t *validity = fp_validity(array);
    for (uint32_t i = 0; i < tile->n; i++, words += n_words) {
        int64_t at = tile->rows[i] + array->offset;
        if (is_null(validity, at)) {
            fp_set_mark(key, words, FP_MARK_NULL);
            continue;
        }
        if (FP_UNLIKELY(!key->numbers[codes[at]])) {
            fp_status status = meet_value(key, array->dictionary, codes[at]);
            if (status != FP_OK)
                return status;
        }
        uint32_t number = key->numbers[codes[at]];
        if (number)
            fp_set_lane(words, key->lane, number - 1);
        else
            fp_set_mark(key, words, FP_MARK_NULL);
    }
    return FP_OK;
}

fp_status fp_key_encode(fp_key *key, const struct ArrowArray *array, const fp_tile *tile,
                        uint64_t *words, uint32_t n_words) {
    switch (key->kind) {
    case FP_KEY_INT32:
        encode_int32(key, array, tile, words, n_words);
        return FP_OK;
    case FP_KEY_INT64:
        encode_int64(key, array, tile, words, n_words);
        return FP_OK;
    case FP_KEY_BOOL:
        encode_bool(key, array, tile, words, n_words);
        return FP_OK;
    case FP_KEY_TEXT:
        return encode_text(key, array, tile, words, n_words);
    default:
        return encode_codes(key, array, tile, words, n_words);
    }
}

fp_status fp_key_adopt(fp_key *key, const fp_key *other) {
    const fp_texts *texts = &other->texts;
    fp_status status = hold_numbers(key, texts->n_values);
    for (uint32_t i = 0; i < texts->n_values && status == FP_OK; i++) {
        int32_t offsets[2] = {(int32_t)texts->values[i].at,
                              (int32_t)(texts->values[i].at + texts->values[i].size)};
        status = fp_texts_encode(&key->texts, offsets, texts->plain.data,
                                 texts->plain.data + texts->plain.size, 1, &key->numbers[i]);
        key->numbers[i]++;
    }
    return status;
}
