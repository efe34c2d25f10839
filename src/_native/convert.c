/* Each loop does one thing to one field of many rows: the branch predictor, the cache and the
 * dictionary see like after like. */
#include "convert.h"

#include "bits.h"
#include "decode_number.h"
#include "decode_time.h"

#include <string.h>

FP_INLINE fp_reason decode(fp_check check, fp_span span, int64_t maximum, int64_t *value) {
    return check == FP_CHECK_NUMBER ? fp_decode_number(span.at, span.size, (uint64_t)maximum, value)
                                    : fp_decode_iso_time(span.at, span.size, value);
}

void fp_check_numbers(const fp_rows *rows, uint32_t field, const fp_field *rule, fp_bad_rows *bad) {
    fp_check check = rule->check;
    int64_t maximum = rule->maximum, value;
    for (uint32_t row = 0; row < rows->count; row++) {
        fp_span span = fp_field_at(rows, row, field);
        fp_reason reason = decode(check, span, maximum, &value);
        if (FP_UNLIKELY(reason != FP_REASON_NONE) && !fp_is_null(span))
            fp_note_bad(bad, row, field, reason);
    }
}

/* One loop for each width: kind is a constant in every copy that the compiler makes. */
FP_INLINE uint32_t decode_column(fp_kind kind, uint8_t *out, const fp_rows *rows, uint32_t field,
                                 const fp_field *rule, uint32_t *nulls, fp_bad_rows *bad) {
    uint32_t n_nulls = 0;
    fp_check check = kind == FP_KIND_ISO_TIME ? FP_CHECK_ISO_TIME : FP_CHECK_NUMBER;
    int64_t maximum = rule->maximum;
    for (uint32_t row = 0; row < rows->count; row++) {
        fp_span span = fp_field_at(rows, row, field);
        int64_t value = 0;
        fp_reason reason = decode(check, span, maximum, &value);
        if (FP_UNLIKELY(reason != FP_REASON_NONE)) {
            value = 0;
            if (fp_is_null(span))
                nulls[n_nulls++] = row;
            else
                fp_note_bad(bad, row, field, reason);
        }
        if (kind == FP_KIND_INT32)
            ((int32_t *)out)[row] = (int32_t)value;
        else
            ((int64_t *)out)[row] = kind == FP_KIND_TIME ? fp_scale_time(value) : value;
    }
    return n_nulls;
}

fp_status fp_append_numbers(fp_column *column, const fp_rows *rows, uint32_t field,
                            const fp_field *rule, uint32_t *nulls, fp_bad_rows *bad) {
    size_t added = rows->count * fp_kind_width(column->kind);
    fp_status status = fp_reserve(&column->values, added);
    if (status != FP_OK)
        return status;
    uint8_t *out = column->values.data + column->values.size;
    uint32_t n_nulls = 0;
    switch (column->kind) {
    case FP_KIND_INT32:
        n_nulls = decode_column(FP_KIND_INT32, out, rows, field, rule, nulls, bad);
        break;
    case FP_KIND_INT64:
        n_nulls = decode_column(FP_KIND_INT64, out, rows, field, rule, nulls, bad);
        break;
    case FP_KIND_TIME:
        n_nulls = decode_column(FP_KIND_TIME, out, rows, field, rule, nulls, bad);
        break;
    case FP_KIND_ISO_TIME:
        n_nulls = decode_column(FP_KIND_ISO_TIME, out, rows, field, rule, nulls, bad);
        break;
    default:
        return FP_ERR_STATE;
    }
    column->values.size += added;
    return fp_column_extend(column, rows->count, nulls, n_nulls);
}

/* Sixteen bytes whether there are so many or not, since most values are addresses: both ends
 * have FP_PAD to spare. */
static inline void copy_short(uint8_t *out, const uint8_t *at, uint32_t size) {
    memcpy(out, at, 16);
    if (FP_UNLIKELY(size > 16))
        memcpy(out + 16, at + 16, size - 16);
}

fp_status fp_append_text(fp_column *column, const fp_rows *rows, uint32_t field, size_t room,
                         uint32_t *nulls) {
    fp_status status = fp_reserve(&column->values, room);
    if (status == FP_OK)
        status = fp_reserve(&column->offsets, ((size_t)rows->count + 1) * 4);
    if (status != FP_OK)
        return status;
    if (column->values.size + room > INT32_MAX)
        return FP_ERR_SIZE;
    int32_t *offsets = (int32_t *)column->offsets.data + column->rows;
    uint32_t at = (uint32_t)column->values.size, n_nulls = 0;
    offsets[0] = (int32_t)at;
    for (uint32_t row = 0; row < rows->count; row++) {
        fp_span span = fp_field_at(rows, row, field);
        if (FP_UNLIKELY(fp_is_null(span))) {
            nulls[n_nulls++] = row;
        } else {
            copy_short(column->values.data + at, span.at, span.size);
            at += span.size;
        }
        offsets[row + 1] = (int32_t)at;
    }
    column->values.size = at;
    column->offsets.size = (size_t)(column->rows + rows->count + 1) * 4;
    return fp_column_extend(column, rows->count, nulls, n_nulls);
}

fp_status fp_append_codes(fp_column *column, const fp_rows *rows, uint32_t field, uint32_t *nulls) {
    fp_status status = fp_reserve(&column->values, rows->count * sizeof(int32_t));
    if (status != FP_OK)
        return status;
    int32_t *out = (int32_t *)(column->values.data + column->values.size);
    fp_span last = {NULL, 0};
    int64_t code = 0;
    uint32_t n_nulls = 0;
    for (uint32_t row = 0; row < rows->count; row++) {
        fp_span span = fp_field_at(rows, row, field);
        if (FP_UNLIKELY(fp_is_null(span))) {
            nulls[n_nulls++] = row;
            out[row] = 0;
            continue;
        }
        if (span.size != last.size || !fp_equal(span.at, last.at, span.size)) {
            code = fp_dictionary_encode(&column->dictionary, span.at, span.size);
            if (FP_UNLIKELY(code < 0))
                return (fp_status)code;
            last = span;
        }
        out[row] = (int32_t)code;
    }
    column->values.size += rows->count * sizeof(int32_t);
    return fp_column_extend(column, rows->count, nulls, n_nulls);
}

fp_status fp_append_lines(fp_column *column, const fp_rows *rows, int64_t first_line) {
    fp_status status = fp_reserve(&column->values, rows->count * sizeof(int64_t));
    if (status != FP_OK)
        return status;
    int64_t *out = (int64_t *)(column->values.data + column->values.size);
    for (uint32_t row = 0; row < rows->count; row++)
        out[row] = first_line + rows->line[row];
    column->values.size += rows->count * sizeof(int64_t);
    return fp_column_extend(column, rows->count, NULL, 0);
}

fp_status fp_append_value(fp_column *column, uint32_t n, const uint8_t *value, uint32_t size) {
    fp_status status = fp_reserve(&column->values, n * sizeof(int32_t));
    if (status != FP_OK)
        return status;
    int64_t code = fp_dictionary_encode(&column->dictionary, value, size);
    if (code < 0)
        return (fp_status)code;
    int32_t *out = (int32_t *)(column->values.data + column->values.size);
    for (uint32_t row = 0; row < n; row++)
        out[row] = (int32_t)code;
    column->values.size += n * sizeof(int32_t);
    return fp_column_extend(column, n, NULL, 0);
}
