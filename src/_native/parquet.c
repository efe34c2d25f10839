/* Pages are made one after another: the rows of a page become codes, or PLAIN values, and behind
 * the last of them its levels are known. So there is room left for levels before the values. */
#include "parquet.h"

#include "hybrid.h"
#include "parquet_values.h"

#include <stdlib.h>

enum { LEVEL_SIZE_BYTES = 4 };

/* What is at work on one column. */
typedef struct encoder {
    const fp_parquet_request *request;
    const struct ArrowArray *const *arrays;
    uint32_t n_arrays;
    fp_parquet_column *out;
    uint32_t array; /* where the next page begins: in this array, */
    int64_t row;    /* at this row of it */
    bool coding;    /* the next page holds codes */
    fp_values values;
    uint32_t *codes;   /* of the page's values */
    uint8_t *validity; /* of the page's rows, a bit each */
    uint32_t page_rows, page_values;
    size_t levels_room;
} encoder;

static fp_status begin(encoder *e) {
    uint32_t rows = e->request->page_rows;
    e->levels_room = LEVEL_SIZE_BYTES + FP_HEADER_BYTES + rows / 8 + 1;
    e->codes = malloc(((size_t)rows + FP_HYBRID_GROUP) * sizeof *e->codes);
    e->validity = malloc(rows / 8 + 1);
    if (!e->codes || !e->validity)
        return FP_ERR_MEMORY;
    fp_status status = fp_values_begin(&e->values, e->request, e->arrays, e->n_arrays, e->out);
    e->out->data.hint = (size_t)(e->values.plain_bytes / 2);
    return status;
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
            status = fp_values_code(&e->values, array, rows, e->codes + e->page_values);
        else
            status = fp_values_put(&e->values, array, rows, &e->out->data, values_at, &taken);
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
    fp_values_leave_array(&e->values);
    do
        e->array++;
    while (e->array < e->n_arrays && e->arrays[e->array]->length == 0);
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
    uint32_t width = fp_code_bits(fp_values_distinct(&e->values));
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
    for (int i = 0; i < LEVEL_SIZE_BYTES; i++)
        out[i] = (uint8_t)(size >> 8 * i);
    memcpy(out + LEVEL_SIZE_BYTES, levels, head);
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

/* Do codes and their dictionary take fewer bytes than the values would? Of the first of many pages
 * it is asked if values repeat at all. */
static bool pays(const encoder *e, bool done) {
    if (e->request->kind == FP_PARQUET_CODES)
        return true;
    if (!done)
        return e->out->n_pages > 1 || fp_values_distinct(&e->values) / 3 <= e->page_values / 4;
    uint64_t bytes = fp_values_dictionary_bytes(&e->values);
    for (uint32_t i = 0; i < e->out->n_pages; i++)
        bytes += e->out->pages[i].size;
    return bytes <= e->values.plain_bytes;
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
        if (fp_values_dictionary_bytes(&e->values) > e->request->dictionary_bytes)
            e->coding = false;
    }
    return FP_OK;
}

/* Again from the first row, without codes. */
static fp_status encode_plain(encoder *e) {
    bool paid;
    e->out->data.size = 0;
    e->out->n_pages = 0;
    fp_values_forget(&e->values);
    e->coding = false;
    return encode_pages(e, &paid);
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
        status = fp_values_finish(&e->values, e->out);
    return status;
}

fp_status fp_parquet_encode(const fp_parquet_request *request,
                            const struct ArrowArray *const *arrays, uint32_t n_arrays,
                            fp_parquet_column *out) {
    *out = (fp_parquet_column){0};
    encoder e = {.request = request, .arrays = arrays, .n_arrays = n_arrays, .out = out};
    fp_status status = encode(&e);
    fp_values_free(&e.values);
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
