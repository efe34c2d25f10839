#include "spell.h"

#include "decode_number.h"
#include "text_rows.h"

/* --- what the columns can come to --- */

/* Digits of the widest number of n, and its sign. */
static int64_t widest_number(uint64_t most, bool negative) {
    int64_t width = 1 + negative;
    for (; most >= 10; most /= 10)
        width++;
    return width;
}

static int64_t widest_int32(const int32_t *values, int64_t rows) {
    int32_t least = 0, most = 0;
    for (int64_t row = 0; row < rows; row++) {
        least = values[row] < least ? values[row] : least;
        most = values[row] > most ? values[row] : most;
    }
    uint64_t below = (uint64_t)-(int64_t)least;
    return widest_number(below > (uint64_t)most ? below : (uint64_t)most, least < 0);
}

static int64_t widest_int64(const int64_t *values, int64_t rows) {
    int64_t least = 0, most = 0;
    for (int64_t row = 0; row < rows; row++) {
        least = values[row] < least ? values[row] : least;
        most = values[row] > most ? values[row] : most;
    }
    uint64_t below = 0 - (uint64_t)least;
    return widest_number(below > (uint64_t)most ? below : (uint64_t)most, least < 0);
}

static bool is_null(const fp_spelling *column, int64_t row) {
    return column->validity && !fp_bit(column->validity, column->offset + row);
}

/* Milliseconds of the years 0001 to 9999, with the farthest time zone. */
#define YEAR_1 (-62135596800000)
#define YEAR_10000 253402300800000
#define ZONE_MAX 86340000

/* Can a line say all of these times? What a null's place holds does not matter. */
static bool are_times(const fp_spelling *column, int64_t rows, int64_t least, int64_t most) {
    const int64_t *values = column->values;
    for (int64_t row = 0; row < rows; row++)
        if (FP_UNLIKELY(values[row] < least || values[row] > most) && !is_null(column, row))
            return false;
    return true;
}

typedef struct widths {
    int64_t all, widest;
} widths;

static fp_status measure_numbers(const fp_spelling *column, int64_t rows, widths *w) {
    w->widest = 20;
    if (column->kind == FP_SPELL_INT32)
        w->widest = widest_int32(column->values, rows);
    if (column->kind == FP_SPELL_INT64)
        w->widest = widest_int64(column->values, rows);
    if (column->kind == FP_SPELL_SECONDS && !are_times(column, rows, INT64_MIN, INT64_MAX / 1000))
        return FP_ERR_SIZE;
    if (column->kind == FP_SPELL_ISO_TIME) {
        w->widest = FP_SPELL_TIME;
        if (!are_times(column, rows, YEAR_1 - ZONE_MAX, YEAR_10000 + ZONE_MAX - 1))
            return FP_ERR_SIZE;
    }
    w->all = w->widest * rows;
    return FP_OK;
}

static void measure_text(const fp_spelling *column, int64_t rows, widths *w) {
    w->widest = 1;
    for (int64_t row = 0; row < rows; row++) {
        int32_t size = column->offsets[row + 1] - column->offsets[row];
        w->widest = size > w->widest ? size : w->widest;
    }
    w->all = rows + column->offsets[rows] - column->offsets[0];
}

static fp_status measure_codes(const fp_spelling *column, int64_t rows, int64_t n_values,
                               widths *w) {
    const int32_t *codes = column->values;
    *w = (widths){rows, 1};
    for (int64_t row = 0; row < rows; row++) {
        if (is_null(column, row))
            continue;
        if (codes[row] < 0 || codes[row] >= n_values)
            return FP_ERR_STATE;
        int32_t size = column->offsets[codes[row] + 1] - column->offsets[codes[row]];
        w->widest = size > w->widest ? size : w->widest;
        w->all += size;
    }
    return FP_OK;
}

static bool set_text(fp_spelling *column, const struct ArrowArray *array) {
    static const uint8_t nothing[1];
    if (!fp_is_text(array))
        return false;
    fp_text_rows rows = fp_rows_of_text(array);
    column->offsets = rows.offsets;
    column->bytes = rows.bytes ? rows.bytes : nothing;
    int32_t end = rows.count ? rows.offsets[rows.count] : 0;
    column->spare_until = end >= FP_SPELL_PAD ? end - FP_SPELL_PAD : -1;
    return true;
}

static fp_status prepare_codes(fp_spelling *column, const struct ArrowArray *array, widths *w) {
    const struct ArrowArray *dictionary = array->dictionary;
    if (!dictionary || !set_text(column, dictionary))
        return FP_ERR_STATE;
    column->validities = fp_validity(dictionary);
    column->dictionary_offset = dictionary->offset;
    return measure_codes(column, array->length, dictionary->length, w);
}

static fp_status prepare_column(fp_spelling *column, const struct ArrowArray *array,
                                fp_spell_kind kind, widths *w) {
    *column = (fp_spelling){.kind = kind, .offset = array->offset};
    *w = (widths){array->length, 1};
    if (kind == FP_SPELL_NULL)
        return array->length < 0 ? FP_ERR_STATE : FP_OK;
    bool is_text = kind == FP_SPELL_TEXT;
    if (!(is_text ? set_text(column, array) : fp_is_fixed_width(array)))
        return FP_ERR_STATE;
    column->validity = fp_validity(array);
    if (!array->length)
        return FP_OK;
    if (is_text) {
        measure_text(column, array->length, w);
        return FP_OK;
    }
    size_t width = kind == FP_SPELL_INT32 || kind == FP_SPELL_CODES ? 4 : 8;
    column->values = (const uint8_t *)array->buffers[1] + (size_t)array->offset * width;
    return kind == FP_SPELL_CODES ? prepare_codes(column, array, w)
                                  : measure_numbers(column, array->length, w);
}

fp_status fp_spell_prepare(const struct ArrowArray *const *arrays, const fp_spell_kind *kinds,
                           uint32_t n_columns, fp_spelling *columns, uint32_t *column,
                           fp_spell *out) {
    if (!n_columns)
        return FP_ERR_STATE;
    *out = (fp_spell){.columns = columns, .n_columns = n_columns, .rows = arrays[0]->length};
    for (uint32_t i = 0; i < n_columns; i++) {
        widths w;
        *column = i;
        if (arrays[i]->length != out->rows)
            return FP_ERR_STATE;
        if (out->rows > INT32_MAX)
            return FP_ERR_SIZE;
        fp_status status = prepare_column(&columns[i], arrays[i], kinds[i], &w);
        if (status != FP_OK)
            return status;
        out->room += w.all + out->rows;
        out->row_room += w.widest + 1;
    }
    return FP_OK;
}

/* --- values --- */

/* Below 10^8: its eight digits, the first in the lowest byte. Halves of halves side by side. */
static inline uint64_t eight_digits(uint32_t number) {
    uint64_t fours = number / 10000 | (uint64_t)(number % 10000) << 32;
    uint64_t high = (fours * 10486 >> 20) & 0x0000007f0000007fu;
    uint64_t twos = high | (fours - 100 * high) << 16;
    uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000fu;
    return tens | (twos - 10 * tens) << 8;
}

/* The digits without the zeros in front; the last digit always. */
static inline uint8_t *put_first(uint8_t *out, uint32_t number) {
    uint64_t digits = eight_digits(number);
    uint32_t zeros = fp_count_trailing_zeros(digits | (uint64_t)1 << 56) & ~7u;
    fp_store8(out, (digits | 0x3030303030303030u) >> zeros);
    return out + 8 - zeros / 8;
}

static inline uint8_t *put_eight(uint8_t *out, uint32_t number) {
    fp_store8(out, eight_digits(number) | 0x3030303030303030u);
    return out + 8;
}

#define EIGHT 100000000u

/* Below 100: what versions, protocols and many counts of packets are. */
static inline uint8_t *put_small(uint8_t *out, uint32_t number) {
    uint32_t tens = number * 103 >> 10, has_tens = tens > 0;
    out[0] = (uint8_t)('0' + tens);
    out[has_tens] = (uint8_t)('0' + number - 10 * tens);
    return out + 1 + has_tens;
}

static inline uint8_t *put_number(uint8_t *out, uint64_t number) {
    if (number < 100)
        return put_small(out, (uint32_t)number);
    if (FP_LIKELY(number < EIGHT))
        return put_first(out, (uint32_t)number);
    uint64_t high = number / EIGHT;
    if (FP_LIKELY(high < EIGHT)) {
        out = put_first(out, (uint32_t)high);
    } else {
        out = put_first(out, (uint32_t)(high / EIGHT));
        out = put_eight(out, (uint32_t)(high % EIGHT));
    }
    return put_eight(out, (uint32_t)(number % EIGHT));
}

static inline uint8_t *put_signed(uint8_t *out, int64_t number) {
    if (FP_LIKELY(number >= 0))
        return put_number(out, (uint64_t)number);
    *out++ = '-';
    return put_number(out, 0 - (uint64_t)number);
}

static uint8_t *put_digits(uint8_t *out, int64_t number, int n, uint8_t behind) {
    for (int i = n - 1; i >= 0; i--, number /= 10)
        out[i] = (uint8_t)('0' + number % 10);
    out[n] = behind;
    return out + n + 1;
}

/* The day's date in the Gregorian calendar, years from March on and in groups of 400. */
static uint8_t *put_date(uint8_t *out, int64_t days) {
    int64_t since = days + 719468; /* from 0000-03-01 on; years are 1 and more */
    int64_t group = since / 146097, day = since % 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int64_t shifted_month = (5 * day + 2) / 153;
    int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    out = put_digits(out, group * 400 + year + (month <= 2), 4, '-');
    out = put_digits(out, month, 2, '-');
    return put_digits(out, day - (153 * shifted_month + 2) / 5 + 1, 2, 'T');
}

/* As `2023-11-14T22:13:20.000Z`. What only a far time zone has in the years 0001 to 9999 is
 * written in that zone. */
FP_APART uint8_t *put_iso_time(uint8_t *out, int64_t milliseconds) {
    const char *zone = milliseconds < YEAR_1       ? "+23:59"
                       : milliseconds < YEAR_10000 ? "Z"
                                                   : "-23:59";
    milliseconds += *zone == '+' ? ZONE_MAX : *zone == '-' ? -ZONE_MAX : 0;
    int64_t since = milliseconds - YEAR_1; /* 0 or more, so division is downwards */
    int64_t days = since / 86400000, rest = since % 86400000;
    out = put_date(out, days + YEAR_1 / 86400000);
    out = put_digits(out, rest / 3600000, 2, ':');
    out = put_digits(out, rest / 60000 % 60, 2, ':');
    out = put_digits(out, rest / 1000 % 60, 2, '.');
    out = put_digits(out, rest % 1000, 3, 'Z') - 1;
    size_t size = strlen(zone);
    memcpy(out, zone, size);
    return out + size;
}

/* Text is short nearly always: a copy of constant size needs no call. */
static inline uint8_t *put_text(uint8_t *out, const fp_spelling *column, int64_t row) {
    int32_t begin = column->offsets[row], size = column->offsets[row + 1] - begin;
    const uint8_t *at = column->bytes + begin;
    if (FP_LIKELY(size <= FP_SPELL_PAD && begin <= column->spare_until))
        memcpy(out, at, FP_SPELL_PAD);
    else
        memcpy(out, at, (size_t)size);
    return out + size;
}

static inline uint8_t *put_code(uint8_t *out, const fp_spelling *column, int32_t code) {
    if (FP_UNLIKELY(column->validities != NULL) &&
        !fp_bit(column->validities, column->dictionary_offset + code)) {
        *out = '-';
        return out + 1;
    }
    return put_text(out, column, code);
}

static inline uint8_t *put_value(uint8_t *out, const fp_spelling *column, int64_t row) {
    if (column->validity && !fp_bit(column->validity, column->offset + row)) {
        *out = '-';
        return out + 1;
    }
    int64_t time;
    switch (column->kind) {
    case FP_SPELL_INT32:
        return put_signed(out, ((const int32_t *)column->values)[row]);
    case FP_SPELL_INT64:
        return put_signed(out, ((const int64_t *)column->values)[row]);
    case FP_SPELL_SECONDS:
        time = ((const int64_t *)column->values)[row];
        return put_signed(out, time < FP_MILLISECONDS_FROM ? time : time * 1000);
    case FP_SPELL_ISO_TIME:
        return put_iso_time(out, ((const int64_t *)column->values)[row]);
    case FP_SPELL_TEXT:
        return put_text(out, column, row);
    case FP_SPELL_CODES:
        return put_code(out, column, ((const int32_t *)column->values)[row]);
    case FP_SPELL_NULL:
        break;
    }
    *out = '-';
    return out + 1;
}

/* --- lines --- */

static inline uint8_t *put_line(uint8_t *out, const fp_spell *spell, int64_t row) {
    for (uint32_t i = 0; i < spell->n_columns; i++) {
        out = put_value(out, &spell->columns[i], row);
        *out++ = ' ';
    }
    out[-1] = '\n';
    return out;
}

int64_t fp_spell_lines(const fp_spell *spell, uint8_t *out, int64_t at, int64_t *offsets) {
    for (int64_t row = 0; row < spell->rows; row++) {
        if (offsets)
            offsets[row] = at;
        at = put_line(out + at, spell, row) - out;
    }
    if (offsets)
        offsets[spell->rows] = at;
    return at;
}

int64_t fp_spell_line(const fp_spell *spell, int64_t row, uint8_t *out) {
    return put_line(out, spell, row) - out;
}
