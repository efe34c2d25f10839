/* Pages are made one after another: the rows of a page become codes, or PLAIN values, and behind
 * the last of them its levels are known. So there is room left for levels before the values. */
#include "parquet.h"

#include "arrow_rows.h"
#include "distinct.h"
#include "hybrid.h"

#include <stdlib.h>

enum { LEVEL_SIZE_BYTES = 4, MANY_VALUES = 1024 };

/* What is at work on one column. */
typedef struct encoder {
    const fp_parquet_request *request;
    const struct ArrowArray *const *arrays;
    uint32_t n_arrays;
    fp_parquet_column *out;
    uint32_t array; /* where the next page begins: in this array, */
    int64_t row;    /* at this row of it */
    bool coding;    /* the next page holds codes */
    fp_numbers numbers;
    fp_texts texts;
    uint32_t *map; /* codes of this array's dictionary -> code + 1; 0: not met yet */
    uint32_t *codes;
    uint8_t *validity; /* of the page's rows, a bit each */
    uint32_t page_rows, page_values;
    size_t levels_room;
    uint64_t plain_bytes; /* that all values would take */
    fp_text least, greatest;
} encoder;

static bool is_text(fp_parquet_kind kind) {
    return kind == FP_PARQUET_TEXT || kind == FP_PARQUET_CODES;
}

static uint32_t n_distinct(const encoder *e) {
    return is_text(e->request->kind) ? e->texts.n_values : e->numbers.n_values;
}

/* --- before the first page --- */

static bool is_sound(const encoder *e, const struct ArrowArray *array) {
    if (e->request->kind == FP_PARQUET_TEXT)
        return fp_is_text(array);
    if (e->request->kind != FP_PARQUET_CODES)
        return fp_is_fixed_width(array);
    return fp_is_fixed_width(array) && array->dictionary && fp_is_text(array->dictionary) &&
           array->dictionary->length <= INT32_MAX;
}

FP_INLINE void bound_numbers(fp_parquet_column *out, const void *values, fp_rows rows,
                             const int width) {
    int64_t least = out->least, greatest = out->greatest;
    for (int64_t i = rows.begin; i < rows.end; i++) {
        int64_t value = width == 4 ? ((const int32_t *)values)[i] : ((const int64_t *)values)[i];
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
    }
    out->least = least;
    out->greatest = greatest;
}

static uint64_t text_size(const struct ArrowArray *array, fp_rows rows) {
    const int32_t *offsets = array->buffers[1];
    return rows.begin < rows.end ? (uint64_t)(offsets[rows.end] - offsets[rows.begin]) : 0;
}

/* The bounds of numbers, which tell how to look for them; and the nulls of all. */
static void survey(encoder *e) {
    fp_parquet_column *out = e->out;
    int64_t n = 0;
    out->least = INT64_MAX;
    out->greatest = INT64_MIN;
    for (uint32_t a = 0; a < e->n_arrays; a++) {
        const struct ArrowArray *array = e->arrays[a];
        int64_t end = array->offset + array->length;
        out->nulls += array->length;
        for (int64_t at = array->offset; at < end;) {
            fp_rows rows = fp_next_valid(fp_validity(array), at, end);
            if (e->request->kind == FP_PARQUET_INT32)
                bound_numbers(out, array->buffers[1], rows, 4);
            else if (e->request->kind == FP_PARQUET_INT64)
                bound_numbers(out, array->buffers[1], rows, 8);
            else if (e->request->kind == FP_PARQUET_TEXT)
                e->plain_bytes += text_size(array, rows);
            n += rows.end - rows.begin;
            at = rows.end;
        }
    }
    out->nulls -= n;
    out->bounded = n > 0;
    e->plain_bytes += (uint64_t)n * (e->request->kind == FP_PARQUET_INT64 ? 8 : 4);
}

static bool fits_scaled(const fp_parquet_column *out, int64_t scale) {
    return !out->bounded || (out->least >= INT64_MIN / scale && out->greatest <= INT64_MAX / scale);
}

static fp_status begin(encoder *e) {
    uint32_t rows = e->request->page_rows;
    e->levels_room = LEVEL_SIZE_BYTES + FP_HEADER_BYTES + rows / 8 + 1;
    e->codes = malloc(((size_t)rows + FP_HYBRID_GROUP) * sizeof *e->codes);
    e->validity = malloc(rows / 8 + 1);
    if (!e->codes || !e->validity)
        return FP_ERR_MEMORY;
    for (uint32_t a = 0; a < e->n_arrays; a++)
        if (!is_sound(e, e->arrays[a]))
            return FP_ERR_STATE;
    survey(e);
    if (is_text(e->request->kind)) {
        fp_texts_begin(&e->texts, e->request->seed);
        return FP_OK;
    }
    if (!fits_scaled(e->out, e->request->scale))
        return FP_ERR_SIZE;
    int64_t least = e->out->bounded ? e->out->least : 0;
    int64_t greatest = e->out->bounded ? e->out->greatest : 0;
    return fp_numbers_begin(&e->numbers, e->request->seed, least, greatest, e->plain_bytes / 8);
}

/* --- values of a page --- */

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

static fp_status map_codes(encoder *e, const struct ArrowArray *array, fp_rows rows,
                           uint32_t *codes) {
    const struct ArrowArray *values = array->dictionary;
    const int32_t *own = array->buffers[1];
    if (!e->map)
        e->map = calloc((size_t)values->length + 1, sizeof *e->map);
    if (!e->map)
        return FP_ERR_MEMORY;
    for (int64_t row = rows.begin; row < rows.end; row++) {
        if (FP_UNLIKELY((uint64_t)own[row] >= (uint64_t)values->length)) /* or below 0 */
            return FP_ERR_STATE;
        uint32_t *code_plus_1 = &e->map[own[row]];
        if (FP_UNLIKELY(!*code_plus_1)) {
            fp_status status = fp_texts_encode(
                &e->texts, (const int32_t *)values->buffers[1] + values->offset + own[row],
                text_bytes(values), text_end(values), 1, code_plus_1);
            if (status != FP_OK)
                return status;
            ++*code_plus_1;
        }
        *codes++ = *code_plus_1 - 1;
    }
    return FP_OK;
}

static fp_status code_rows(encoder *e, const struct ArrowArray *array, fp_rows rows) {
    uint32_t *codes = e->codes + e->page_values;
    size_t n = (size_t)(rows.end - rows.begin);
    switch (e->request->kind) {
    case FP_PARQUET_INT32:
        return fp_numbers_encode32(&e->numbers, (const int32_t *)array->buffers[1] + rows.begin, n,
                                   codes);
    case FP_PARQUET_INT64:
        return fp_numbers_encode64(&e->numbers, (const int64_t *)array->buffers[1] + rows.begin, n,
                                   codes);
    case FP_PARQUET_TEXT:
        return fp_texts_encode(&e->texts, (const int32_t *)array->buffers[1] + rows.begin,
                               text_bytes(array), text_end(array), n, codes);
    default:
        return map_codes(e, array, rows, codes);
    }
}

static uint8_t *put_fixed(uint8_t *out, uint64_t value, int width) {
    for (int i = 0; i < width; i++)
        out[i] = (uint8_t)(value >> 8 * i);
    return out + width;
}

static fp_status put_numbers(encoder *e, const struct ArrowArray *array, fp_rows rows) {
    fp_buffer *data = &e->out->data;
    int width = e->request->kind == FP_PARQUET_INT32 ? 4 : 8;
    fp_status status = fp_reserve(data, (size_t)(rows.end - rows.begin) * (size_t)width);
    if (status != FP_OK)
        return status;
    uint8_t *out = data->data + data->size;
    for (int64_t row = rows.begin; row < rows.end; row++)
        if (width == 4)
            out = put_fixed(out, (uint32_t)((const int32_t *)array->buffers[1])[row], 4);
        else
            out = put_fixed(
                out, (uint64_t)(((const int64_t *)array->buffers[1])[row] * e->request->scale), 8);
    data->size = (size_t)(out - data->data);
    return FP_OK;
}

static int compare(fp_text a, fp_text b) {
    uint32_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.bytes, b.bytes, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static void bound_text(encoder *e, fp_text text) {
    if (!e->least.bytes || compare(text, e->least) < 0)
        e->least = text;
    if (!e->greatest.bytes || compare(text, e->greatest) > 0)
        e->greatest = text;
}

/* Rows until the page has its bytes, at least one in a page; *taken: how many. */
static fp_status put_texts(encoder *e, const struct ArrowArray *array, fp_rows rows,
                           size_t values_at, int64_t *taken) {
    fp_buffer *data = &e->out->data;
    bool coded = e->request->kind == FP_PARQUET_CODES;
    for (*taken = 0; rows.begin < rows.end; rows.begin++, ++*taken) {
        fp_text text = coded ? coded_text(array, rows.begin) : text_at(array, rows.begin);
        if (!text.bytes)
            return FP_ERR_STATE;
        size_t used = data->size - values_at;
        if (used && used + 4 + text.size > e->request->page_bytes)
            return FP_OK;
        fp_status status = fp_reserve(data, 4 + (size_t)text.size);
        if (status != FP_OK)
            return status;
        uint8_t *out = put_fixed(data->data + data->size, text.size, 4);
        if (text.size)
            memcpy(out, text.bytes, text.size);
        data->size += 4 + (size_t)text.size;
        bound_text(e, text);
    }
    return FP_OK;
}

/* --- a page --- */

/* Where its values begin: behind the room for levels, and for the width of codes. */
static fp_status open_page(encoder *e, size_t *values_at) {
    fp_buffer *data = &e->out->data;
    fp_status status = fp_reserve(data, e->levels_room + 1);
    if (status != FP_OK)
        return status;
    data->size += e->levels_room + 1;
    *values_at = data->size;
    e->page_rows = e->page_values = 0;
    memset(e->validity, 0, e->request->page_rows / 8 + 1);
    return FP_OK;
}

/* Rows of one array, up to the page's end; *full: it has come before theirs. */
static fp_status take_rows(encoder *e, const struct ArrowArray *array, int64_t end,
                           size_t values_at, bool *full) {
    while (e->row < end) {
        fp_rows rows = fp_next_valid(fp_validity(array), e->row, end);
        int64_t n = rows.end - rows.begin, taken = n;
        fp_status status = FP_OK;
        if (n == 0)
            ;
        else if (e->coding)
            status = code_rows(e, array, rows);
        else if (is_text(e->request->kind))
            status = put_texts(e, array, rows, values_at, &taken);
        else
            status = put_numbers(e, array, rows);
        if (status != FP_OK)
            return status;
        e->page_rows += (uint32_t)(rows.begin - e->row);
        fp_set_bits(e->validity, e->page_rows, (size_t)taken);
        e->page_rows += (uint32_t)taken;
        e->page_values += (uint32_t)taken;
        e->row = rows.begin + taken;
        *full = taken < n;
        if (*full)
            return FP_OK;
    }
    return FP_OK;
}

static void next_array(encoder *e) {
    free(e->map);
    e->map = NULL;
    e->array++;
    e->row = e->array < e->n_arrays ? e->arrays[e->array]->offset : 0;
}

static fp_status fill_page(encoder *e, size_t values_at) {
    bool full = false;
    while (!full && e->array < e->n_arrays && e->page_rows < e->request->page_rows) {
        const struct ArrowArray *array = e->arrays[e->array];
        int64_t end = array->offset + array->length;
        int64_t room = e->request->page_rows - e->page_rows;
        int64_t stop = end - e->row > room ? e->row + room : end;
        fp_status status = take_rows(e, array, stop, values_at, &full);
        if (status != FP_OK)
            return status;
        if (e->row == end)
            next_array(e);
    }
    return FP_OK;
}

static fp_status put_codes(encoder *e) {
    fp_buffer *data = &e->out->data;
    uint32_t width = fp_code_bits(n_distinct(e));
    fp_status status = fp_reserve(data, fp_hybrid_room(e->page_values, width));
    if (status != FP_OK)
        return status;
    data->data[data->size - 1] = (uint8_t)width;
    uint8_t *end = fp_put_hybrid(data->data + data->size, e->codes, e->page_values, width);
    data->size = (size_t)(end - data->data);
    return FP_OK;
}

/* Levels end where the page's values, or their width, begin; returns where they do. One run where
 * all rows are alike, else the bitmap as it is: that is what packing levels gives. */
static size_t put_levels(encoder *e, size_t end) {
    if (!e->request->nullable)
        return end;
    uint8_t levels[FP_HEADER_BYTES + 1], *at = levels;
    size_t n_bytes = 0;
    if (e->page_values == e->page_rows || e->page_values == 0) {
        at = fp_put_varint(at, e->page_rows << 1);
        *at++ = e->page_values != 0;
    } else {
        n_bytes = (e->page_rows + 7) / 8;
        at = fp_put_varint(at, (uint32_t)n_bytes << 1 | 1);
    }
    size_t head = (size_t)(at - levels), size = head + n_bytes;
    uint8_t *out = e->out->data.data + end - size - LEVEL_SIZE_BYTES;
    memcpy(put_fixed(out, size, LEVEL_SIZE_BYTES), levels, head);
    memcpy(out + LEVEL_SIZE_BYTES + head, e->validity, n_bytes);
    return end - size - LEVEL_SIZE_BYTES;
}

static fp_status add_page(encoder *e, size_t at, bool plain) {
    fp_parquet_column *out = e->out;
    fp_page page = {at, out->data.size - at, e->page_rows, plain};
    if (page.size > INT32_MAX)
        return FP_ERR_SIZE;
    if ((out->n_pages & (out->n_pages + 1)) == 0) { /* before 1, 2, 4, ... pages */
        fp_page *pages = realloc(out->pages, ((size_t)out->n_pages + 1) * 2 * sizeof *pages);
        if (!pages)
            return FP_ERR_MEMORY;
        out->pages = pages;
    }
    out->pages[out->n_pages++] = page;
    return FP_OK;
}

static fp_status encode_page(encoder *e) {
    size_t values_at;
    fp_status status = open_page(e, &values_at);
    if (status == FP_OK)
        status = fill_page(e, values_at);
    bool plain = !e->coding || e->page_values == 0;
    if (status == FP_OK && !plain)
        status = put_codes(e);
    if (status != FP_OK)
        return status;
    return add_page(e, put_levels(e, plain ? values_at : values_at - 1), plain);
}

/* --- all pages --- */

static size_t dictionary_bytes(const encoder *e) {
    if (is_text(e->request->kind))
        return e->texts.plain.size;
    return (size_t)e->numbers.n_values * (e->request->kind == FP_PARQUET_INT32 ? 4 : 8);
}

/* Do codes and their dictionary take fewer bytes than the values would? Of the first of many pages
 * it is asked if values repeat at all. */
static bool pays(const encoder *e, bool done) {
    if (e->request->kind == FP_PARQUET_CODES)
        return true;
    if (!done)
        return e->out->n_pages > 1 || n_distinct(e) / 3 <= e->page_values / 4;
    uint64_t bytes = dictionary_bytes(e);
    for (uint32_t i = 0; i < e->out->n_pages; i++)
        bytes += e->out->pages[i].size;
    return bytes <= e->plain_bytes;
}

/* *paid: false if it was found that codes do not pay. */
static fp_status encode_pages(encoder *e, bool *paid) {
    e->array = UINT32_MAX;
    next_array(e);
    *paid = true;
    while (*paid && e->array < e->n_arrays) {
        fp_status status = encode_page(e);
        if (status != FP_OK)
            return status;
        *paid = !e->coding || pays(e, e->array == e->n_arrays);
        if (dictionary_bytes(e) > e->request->dictionary_bytes)
            e->coding = false;
    }
    return FP_OK;
}

/* Again from the first row, without codes. */
static fp_status encode_plain(encoder *e) {
    bool paid;
    e->out->data.size = 0;
    e->out->n_pages = 0;
    e->texts.n_values = e->numbers.n_values = 0;
    e->texts.plain.size = 0;
    e->coding = false;
    return encode_pages(e, &paid);
}

static fp_status put_number_dictionary(encoder *e) {
    fp_buffer *out = &e->out->dictionary;
    int width = e->request->kind == FP_PARQUET_INT32 ? 4 : 8;
    fp_status status = fp_reserve(out, dictionary_bytes(e));
    if (status != FP_OK)
        return status;
    uint8_t *at = out->data;
    for (uint32_t i = 0; i < e->numbers.n_values; i++)
        at = put_fixed(at, (uint64_t)(e->numbers.values[i] * e->request->scale), width);
    out->size = (size_t)(at - out->data);
    return FP_OK;
}

static fp_status put_dictionary(encoder *e) {
    e->out->n_dictionary = n_distinct(e);
    if (!is_text(e->request->kind))
        return put_number_dictionary(e);
    for (uint32_t i = 0; i < e->texts.n_values; i++)
        bound_text(e,
                   (fp_text){e->texts.plain.data + e->texts.values[i].at, e->texts.values[i].size});
    return FP_OK;
}

/* The bounds of text, copied from where the arrays have them; the dictionary is handed over. */
static fp_status finish_text(encoder *e) {
    fp_parquet_column *out = e->out;
    if (!e->least.bytes)
        return FP_OK;
    fp_status status = fp_reserve(&out->bounds, (size_t)e->least.size + e->greatest.size);
    if (status != FP_OK)
        return status;
    uint8_t *at = out->bounds.data;
    memcpy(at, e->least.bytes, e->least.size);
    memcpy(at + e->least.size, e->greatest.bytes, e->greatest.size);
    out->low_text = (fp_text){at, e->least.size};
    out->top_text = (fp_text){at + e->least.size, e->greatest.size};
    return FP_OK;
}

static fp_status encode(encoder *e) {
    bool paid = true;
    e->coding = true;
    fp_status status = begin(e);
    if (status == FP_OK)
        status = encode_pages(e, &paid);
    if (status == FP_OK && !paid)
        status = encode_plain(e);
    if (status == FP_OK)
        status = put_dictionary(e);
    if (status == FP_OK && is_text(e->request->kind)) {
        status = finish_text(e);
        e->out->dictionary = e->texts.plain;
        e->texts.plain = (fp_buffer){0};
    }
    if (status == FP_OK && e->out->bounded) {
        e->out->least *= e->request->scale;
        e->out->greatest *= e->request->scale;
    }
    return status;
}

fp_status fp_parquet_encode(const fp_parquet_request *request,
                            const struct ArrowArray *const *arrays, uint32_t n_arrays,
                            fp_parquet_column *out) {
    *out = (fp_parquet_column){0};
    encoder e = {.request = request, .arrays = arrays, .n_arrays = n_arrays, .out = out};
    fp_status status = encode(&e);
    fp_numbers_free(&e.numbers);
    fp_texts_free(&e.texts);
    free(e.map);
    free(e.codes);
    free(e.validity);
    if (status != FP_OK)
        fp_parquet_free(out);
    return status;
}

void fp_parquet_free(fp_parquet_column *column) {
    fp_release(&column->data);
    fp_release(&column->dictionary);
    fp_release(&column->bounds);
    free(column->pages);
    *column = (fp_parquet_column){0};
}
