/* Each loop does one thing to one field of many rows: the branch predictor, the cache and the
 * dictionary see like after like. Those that the CPU's vectors speed up are in the kernels. */
#include "convert.h"

#include "bits.h"
#include "decode_time.h"
#include "kernel.h"

#include <string.h>

/* Asks the cache for where the next rows will go: as much as these took. By then it is there. */
static void fetch_ahead(const fp_buffer *buffer, size_t taken) {
    size_t room = buffer->capacity - buffer->size;
    const uint8_t *at = buffer->data + buffer->size;
    for (size_t i = 0; i < (taken < room ? taken : room); i += 64)
        FP_PREFETCH(at + i);
}

/* out is NULL where they are only checked. */
static uint32_t decode_iso_times(const fp_rows *rows, uint32_t field, int64_t *out, uint8_t *nulls,
                                 fp_bad_rows *bad) {
    uint32_t n_nulls = 0;
    memset(nulls, 0, rows->count / 8 + 1);
    for (uint32_t row = 0; row < rows->count; row++) {
        fp_span span = fp_field_at(rows, row, field);
        int64_t value = 0;
        if (fp_is_null(span)) {
            nulls[row / 8] |= (uint8_t)(1 << row % 8);
            n_nulls++;
        } else {
            fp_reason reason = fp_decode_iso_time(span.at, span.size, &value);
            if (reason != FP_REASON_NONE)
                fp_note_bad(bad, row, field, reason);
        }
        if (out)
            out[row] = value;
    }
    return n_nulls;
}

static uint32_t decode(const fp_rows *rows, fp_place place, const fp_field *rule, fp_made made,
                       void *out, uint8_t *nulls, fp_bad_rows *bad) {
    if (rule->check == FP_CHECK_ISO_TIME)
        return decode_iso_times(rows, place.field, out, nulls, bad);
    return fp_run->decode(rows, place, (uint64_t)rule->maximum, made, out, nulls, bad);
}

void fp_check_numbers(const fp_rows *rows, fp_place place, const fp_field *rule, uint8_t *nulls,
                      fp_bad_rows *bad) {
    decode(rows, place, rule, FP_MADE_NOTHING, NULL, nulls, bad);
}

static fp_made made_of(fp_kind kind) {
    switch (kind) {
    case FP_KIND_INT32:
        return FP_MADE_INT32;
    case FP_KIND_TIME:
        return FP_MADE_TIME;
    default:
        return FP_MADE_INT64;
    }
}

fp_status fp_append_numbers(fp_column *column, const fp_rows *rows, fp_place place,
                            const fp_field *rule, uint8_t *nulls, fp_bad_rows *bad) {
    size_t added = rows->count * fp_kind_width(column->kind);
    fp_status status = fp_reserve(&column->values, added);
    if (status != FP_OK)
        return status;
    uint8_t *out = column->values.data + column->values.size;
    uint32_t n_nulls = decode(rows, place, rule, made_of(column->kind), out, nulls, bad);
    column->values.size += added;
    fetch_ahead(&column->values, added);
    return fp_column_extend(column, rows->count, nulls, n_nulls);
}

static size_t sum_sizes(const fp_rows *rows, uint32_t field) {
    size_t sum = 0;
    for (uint32_t row = 0; row < rows->count; row++)
        sum += fp_field_at(rows, row, field).size;
    return sum;
}

fp_status fp_append_text(fp_column *column, const fp_rows *rows, uint32_t field, size_t most,
                         uint8_t *nulls) {
    fp_buffer *values = &column->values;
    if (values->size + most + FP_PAD > values->capacity)
        most = sum_sizes(rows, field);
    if (values->size + most > INT32_MAX)
        return FP_ERR_SIZE;
    fp_status status = fp_reserve(values, most);
    if (status == FP_OK)
        status = fp_reserve(&column->offsets, ((size_t)rows->count + 1) * 4);
    if (status != FP_OK)
        return status;
    int32_t *offsets = (int32_t *)column->offsets.data + column->rows;
    offsets[0] = (int32_t)values->size;
    uint32_t n_nulls = fp_run->copy(rows, field, values->data, offsets, nulls);
    size_t added = (size_t)offsets[rows->count] - values->size;
    values->size += added;
    fetch_ahead(values, added);
    column->offsets.size = (size_t)(column->rows + rows->count + 1) * 4;
    fetch_ahead(&column->offsets, rows->count * sizeof(int32_t));
    return fp_column_extend(column, rows->count, nulls, n_nulls);
}

fp_status fp_append_codes(fp_column *column, const fp_rows *rows, fp_place place, uint8_t *nulls) {
    fp_status status = fp_reserve(&column->values, rows->count * sizeof(int32_t));
    if (status != FP_OK)
        return status;
    int32_t *out = (int32_t *)(column->values.data + column->values.size);
    int64_t n_nulls = fp_run->encode(rows, place, &column->dictionary, out, nulls);
    if (n_nulls < 0)
        return (fp_status)n_nulls;
    column->values.size += rows->count * sizeof(int32_t);
    fetch_ahead(&column->values, rows->count * sizeof(int32_t));
    return fp_column_extend(column, rows->count, nulls, (uint32_t)n_nulls);
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
    int64_t code = fp_dictionary_encode_text(&column->dictionary, value, size);
    if (code < 0)
        return (fp_status)code;
    int32_t *out = (int32_t *)(column->values.data + column->values.size);
    for (uint32_t row = 0; row < n; row++)
        out[row] = (int32_t)code;
    column->values.size += n * sizeof(int32_t);
    return fp_column_extend(column, n, NULL, 0);
}
