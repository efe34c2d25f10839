#include "parquet_values.h"

#include <stdlib.h>

/* --- what is known before the first page --- */

static bool is_sound(fp_parquet_kind kind, const struct ArrowArray *array) {
    if (kind == FP_PARQUET_TEXT)
        return fp_is_text(array);
    if (kind != FP_PARQUET_CODES)
        return fp_is_fixed_width(array);
    return fp_is_fixed_width(array) && array->dictionary && fp_is_text(array->dictionary) &&
           array->dictionary->length <= INT32_MAX;
}

static void bound_number(fp_parquet_column *out, int64_t low, int64_t high) {
    out->least = low < out->least ? low : out->least;
    out->greatest = high > out->greatest ? high : out->greatest;
}

static void bound_int32(fp_parquet_column *out, const int32_t *values, size_t n) {
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (size_t i = 0; i < n; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    if (n)
        bound_number(out, low, high);
}

/* Two at a time, since each comparison waits for the one before. */
static void bound_int64(fp_parquet_column *out, const int64_t *values, size_t n) {
    int64_t low[2] = {INT64_MAX, INT64_MAX}, high[2] = {INT64_MIN, INT64_MIN};
    for (size_t i = 0; i + 2 <= n; i += 2)
        for (size_t k = 0; k < 2; k++) {
            low[k] = values[i + k] < low[k] ? values[i + k] : low[k];
            high[k] = values[i + k] > high[k] ? values[i + k] : high[k];
        }
    if (n & 1)
        bound_number(out, values[n - 1], values[n - 1]);
    for (int k = 0; k < 2 && n > 1; k++)
        bound_number(out, low[k], high[k]);
}

static uint64_t text_size(const struct ArrowArray *array, fp_rows rows) {
    const int32_t *offsets = array->buffers[1];
    return rows.begin < rows.end ? (uint64_t)(offsets[rows.end] - offsets[rows.begin]) : 0;
}

/* The bounds of numbers, which tell how to look for them; and the nulls of all. */
static void survey(fp_values *v, const struct ArrowArray *const *arrays, uint32_t n_arrays,
                   fp_parquet_column *out) {
    int64_t n = 0;
    out->least = INT64_MAX;
    out->greatest = INT64_MIN;
    for (uint32_t a = 0; a < n_arrays; a++) {
        const struct ArrowArray *array = arrays[a];
        int64_t end = array->offset + array->length;
        out->nulls += array->length;
        for (int64_t at = array->offset; at < end;) {
            fp_rows rows = fp_next_valid(fp_validity(array), at, end);
            size_t some = (size_t)(rows.end - rows.begin);
            if (v->request->kind == FP_PARQUET_INT32)
                bound_int32(out, (const int32_t *)array->buffers[1] + rows.begin, some);
            else if (v->request->kind == FP_PARQUET_INT64)
                bound_int64(out, (const int64_t *)array->buffers[1] + rows.begin, some);
            else if (v->request->kind == FP_PARQUET_TEXT)
                v->plain_bytes += text_size(array, rows);
            n += (int64_t)some;
            at = rows.end;
        }
    }
    out->nulls -= n;
    out->bounded = n > 0;
    v->plain_bytes += (uint64_t)n * (v->request->kind == FP_PARQUET_INT64 ? 8 : 4);
}

static bool fits_scaled(const fp_parquet_column *out, int64_t scale) {
    return !out->bounded || (out->least >= INT64_MIN / scale && out->greatest <= INT64_MAX / scale);
}

fp_status fp_values_begin(fp_values *v, const fp_parquet_request *request,
                          const struct ArrowArray *const *arrays, uint32_t n_arrays,
                          fp_parquet_column *out) {
    *v = (fp_values){.request = request};
    for (uint32_t a = 0; a < n_arrays; a++)
        if (!is_sound(request->kind, arrays[a]))
            return FP_ERR_STATE;
    survey(v, arrays, n_arrays, out);
    if (fp_is_text_kind(request->kind)) {
        fp_texts_begin(&v->texts, request->seed);
        return FP_OK;
    }
    if (!fits_scaled(out, request->scale))
        return FP_ERR_SIZE;
    int64_t least = out->bounded ? out->least : 0;
    int64_t greatest = out->bounded ? out->greatest : 0;
    return fp_numbers_begin(&v->numbers, request->seed, least, greatest, v->plain_bytes / 8);
}

/* --- rows --- */

static const uint8_t nothing[1];

static const uint8_t *text_bytes(const struct ArrowArray *array) {
    return array->buffers[2] ? array->buffers[2] : nothing;
}

static const uint8_t *text_end(const struct ArrowArray *array) {
    return text_bytes(array) + ((const int32_t *)array->buffers[1])[array->offset + array->length];
}

static fp_text text_at(const struct ArrowArray *array, int64_t row) {
    const int32_t *offsets = array->buffers[1];
    return (fp_text){text_bytes(array) + offsets[row], (uint32_t)(offsets[row + 1] - offsets[row])};
}

/* The value that a row's code names; its `bytes` are NULL where the dictionary has none such. */
static fp_text coded_text(const struct ArrowArray *array, int64_t row) {
    int32_t code = ((const int32_t *)array->buffers[1])[row];
    const struct ArrowArray *values = array->dictionary;
    if (code < 0 || code >= values->length)
        return (fp_text){0};
    return text_at(values, values->offset + code);
}

static fp_status map_codes(fp_values *v, const struct ArrowArray *array, fp_rows rows,
                           uint32_t *codes) {
    const struct ArrowArray *values = array->dictionary;
    const int32_t *own = array->buffers[1];
    if (!v->map)
        v->map = calloc((size_t)values->length + 1, sizeof *v->map);
    if (!v->map)
        return FP_ERR_MEMORY;
    for (int64_t row = rows.begin; row < rows.end; row++) {
        if (FP_UNLIKELY((uint64_t)own[row] >= (uint64_t)values->length)) /* or below 0 */
            return FP_ERR_STATE;
        uint32_t *code_plus_1 = &v->map[own[row]];
        if (FP_UNLIKELY(!*code_plus_1)) {
            fp_status status = fp_texts_encode(
                &v->texts, (const int32_t *)values->buffers[1] + values->offset + own[row],
                text_bytes(values), text_end(values), 1, code_plus_1);
            if (status != FP_OK)
                return status;
            ++*code_plus_1;
        }
        *codes++ = *code_plus_1 - 1;
    }
    return FP_OK;
}

fp_status fp_values_code(fp_values *v, const struct ArrowArray *array, fp_rows rows,
                         uint32_t *codes) {
    size_t n = (size_t)(rows.end - rows.begin);
    switch (v->request->kind) {
    case FP_PARQUET_INT32:
        return fp_numbers_encode32(&v->numbers, (const int32_t *)array->buffers[1] + rows.begin, n,
                                   codes);
    case FP_PARQUET_INT64:
        return fp_numbers_encode64(&v->numbers, (const int64_t *)array->buffers[1] + rows.begin, n,
                                   codes);
    case FP_PARQUET_TEXT:
        return fp_texts_encode(&v->texts, (const int32_t *)array->buffers[1] + rows.begin,
                               text_bytes(array), text_end(array), n, codes);
    default:
        return map_codes(v, array, rows, codes);
    }
}

static uint8_t *put_fixed(uint8_t *out, uint64_t value, size_t width) {
    for (size_t i = 0; i < width; i++)
        out[i] = (uint8_t)(value >> 8 * i);
    return out + width;
}

static fp_status put_numbers(fp_values *v, const struct ArrowArray *array, fp_rows rows,
                             fp_buffer *data) {
    size_t width = fp_values_width(v);
    fp_status status = fp_reserve(data, (size_t)(rows.end - rows.begin) * width);
    if (status != FP_OK)
        return status;
    uint8_t *out = data->data + data->size;
    for (int64_t row = rows.begin; row < rows.end; row++)
        if (width == 4)
            out = put_fixed(out, (uint32_t)((const int32_t *)array->buffers[1])[row], 4);
        else
            out = put_fixed(
                out, (uint64_t)(((const int64_t *)array->buffers[1])[row] * v->request->scale), 8);
    data->size = (size_t)(out - data->data);
    return FP_OK;
}

static int compare(fp_text a, fp_text b) {
    uint32_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.bytes, b.bytes, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static void bound_text(fp_values *v, fp_text text) {
    if (!v->least.bytes || compare(text, v->least) < 0)
        v->least = text;
    if (!v->top.bytes || compare(text, v->top) > 0)
        v->top = text;
}

static fp_status put_texts(fp_values *v, const struct ArrowArray *array, fp_rows rows,
                           fp_buffer *data, size_t begin, int64_t *taken) {
    bool coded = v->request->kind == FP_PARQUET_CODES;
    for (*taken = 0; rows.begin < rows.end; rows.begin++, ++*taken) {
        fp_text text = coded ? coded_text(array, rows.begin) : text_at(array, rows.begin);
        if (!text.bytes)
            return FP_ERR_STATE;
        size_t used = data->size - begin;
        if (used && used + 4 + text.size > v->request->page_bytes)
            return FP_OK;
        fp_status status = fp_reserve(data, 4 + (size_t)text.size);
        if (status != FP_OK)
            return status;
        uint8_t *out = put_fixed(data->data + data->size, text.size, 4);
        if (text.size)
            memcpy(out, text.bytes, text.size);
        data->size += 4 + (size_t)text.size;
        bound_text(v, text);
    }
    return FP_OK;
}

fp_status fp_values_put(fp_values *v, const struct ArrowArray *array, fp_rows rows, fp_buffer *data,
                        size_t begin, int64_t *taken) {
    if (fp_is_text_kind(v->request->kind))
        return put_texts(v, array, rows, data, begin, taken);
    *taken = rows.end - rows.begin;
    return put_numbers(v, array, rows, data);
}

void fp_values_leave_array(fp_values *v) {
    free(v->map);
    v->map = NULL;
}

void fp_values_forget(fp_values *v) {
    v->texts.n_values = v->numbers.n_values = 0;
    v->texts.plain.size = 0;
}

/* --- after the last page --- */

static fp_status finish_numbers(fp_values *v, fp_parquet_column *out) {
    if (out->bounded) {
        out->least *= v->request->scale;
        out->greatest *= v->request->scale;
    }
    fp_status status = fp_reserve(&out->dictionary, fp_values_dictionary_bytes(v));
    if (status != FP_OK)
        return status;
    uint8_t *at = out->dictionary.data;
    for (uint32_t i = 0; i < v->numbers.n_values; i++)
        at =
            put_fixed(at, (uint64_t)(v->numbers.values[i] * v->request->scale), fp_values_width(v));
    out->dictionary.size = (size_t)(at - out->dictionary.data);
    return FP_OK;
}

/* The bounds are copied from where the arrays and the dictionary have them. */
static fp_status finish_texts(fp_values *v, fp_parquet_column *out) {
    for (uint32_t i = 0; i < v->texts.n_values; i++)
        bound_text(v,
                   (fp_text){v->texts.plain.data + v->texts.values[i].at, v->texts.values[i].size});
    if (v->least.bytes) {
        fp_status status = fp_reserve(&out->bounds, (size_t)v->least.size + v->top.size);
        if (status != FP_OK)
            return status;
        uint8_t *at = out->bounds.data;
        memcpy(at, v->least.bytes, v->least.size);
        memcpy(at + v->least.size, v->top.bytes, v->top.size);
        out->low_text = (fp_text){at, v->least.size};
        out->top_text = (fp_text){at + v->least.size, v->top.size};
    }
    out->dictionary = v->texts.plain;
    v->texts.plain = (fp_buffer){0};
    return FP_OK;
}

fp_status fp_values_finish(fp_values *v, fp_parquet_column *out) {
    out->n_dictionary = fp_values_distinct(v);
    return fp_is_text_kind(v->request->kind) ? finish_texts(v, out) : finish_numbers(v, out);
}

void fp_values_free(fp_values *v) {
    fp_numbers_free(&v->numbers);
    fp_texts_free(&v->texts);
    free(v->map);
}
