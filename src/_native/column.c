/* Buffers grow by half again, so that what is handed to Arrow is seldom twice too large. */
#include "column.h"

#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <malloc.h>
static void *allocate(size_t size) {
    return _aligned_malloc(size, FP_PAD);
}
static void deallocate(void *data) {
    _aligned_free(data);
}
#else
static void *allocate(size_t size) {
    return aligned_alloc(FP_PAD, size);
}
static void deallocate(void *data) {
    free(data);
}
#endif

static fp_status resize(fp_buffer *buffer, size_t capacity) {
    capacity = (capacity + FP_PAD - 1) / FP_PAD * FP_PAD;
    uint8_t *data = allocate(capacity);
    if (!data)
        return FP_ERR_MEMORY;
    if (buffer->size)
        memcpy(data, buffer->data, buffer->size);
    deallocate(buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
    return FP_OK;
}

fp_status fp_reserve(fp_buffer *buffer, size_t extra) {
    size_t wanted = buffer->size + extra + FP_PAD;
    if (wanted <= buffer->capacity)
        return FP_OK;
    size_t grown =
        buffer->data ? buffer->capacity + buffer->capacity / 2 : buffer->hint + buffer->hint / 16;
    return resize(buffer, wanted > grown ? wanted : grown);
}

void fp_release(fp_buffer *buffer) {
    deallocate(buffer->data);
    *buffer = (fp_buffer){0};
}

fp_status fp_copy_buffer(fp_buffer *out, const fp_buffer *src) {
    fp_status status = fp_reserve(out, src->size);
    if (status == FP_OK && src->size) {
        memcpy(out->data, src->data, src->size);
        out->size = src->size;
    }
    return status;
}

void fp_column_begin(fp_column *column, fp_kind kind, uint64_t seed) {
    *column = (fp_column){.kind = kind, .dictionary = {.seed = seed}};
}

void fp_column_free(fp_column *column) {
    fp_release(&column->values);
    fp_release(&column->offsets);
    fp_release(&column->validity);
    fp_dictionary_free(&column->dictionary);
}

void fp_column_truncate(fp_column *column, int64_t rows, int64_t nulls) {
    column->values.size = (size_t)rows * fp_kind_width(column->kind);
    column->rows = rows;
    column->nulls = nulls;
}

static void set_bits(uint8_t *bits, int64_t from, int64_t to) {
    for (; from < to && from % 8; from++)
        bits[from / 8] |= (uint8_t)(1 << from % 8);
    if (from < to)
        memset(bits + from / 8, 0xff, (size_t)((to + 7) / 8 - from / 8));
}

fp_status fp_column_extend(fp_column *column, uint32_t n, const uint32_t *nulls, uint32_t n_nulls) {
    int64_t before = column->rows, after = before + n;
    column->rows = after;
    if (n_nulls == 0 && column->validity.size == 0)
        return FP_OK;
    int64_t from = column->validity.size ? before : 0;
    size_t size = (size_t)(after + 7) / 8;
    if (size > column->validity.size) {
        fp_status status = fp_reserve(&column->validity, size - column->validity.size);
        if (status != FP_OK)
            return status;
        column->validity.size = size;
    }
    set_bits(column->validity.data, from, after);
    for (uint32_t i = 0; i < n_nulls; i++) {
        int64_t row = before + nulls[i];
        column->validity.data[row / 8] &= (uint8_t)~(1 << row % 8);
    }
    column->nulls += n_nulls;
    return FP_OK;
}

static fp_status append_zeros(fp_buffer *buffer, size_t size) {
    fp_status status = fp_reserve(buffer, size);
    if (status == FP_OK) {
        memset(buffer->data + buffer->size, 0, size);
        buffer->size += size;
    }
    return status;
}

static fp_status append_empty_text(fp_column *column, uint32_t n) {
    fp_status status = fp_reserve(&column->offsets, ((size_t)n + 1) * 4);
    if (status != FP_OK)
        return status;
    int32_t *offset = (int32_t *)column->offsets.data + column->rows;
    for (uint32_t i = 0; i <= n; i++)
        offset[i] = (int32_t)column->values.size;
    column->offsets.size = (size_t)(column->rows + n + 1) * 4;
    return FP_OK;
}

fp_status fp_column_append_nulls(fp_column *column, uint32_t n) {
    fp_status status = column->kind == FP_KIND_TEXT
                           ? append_empty_text(column, n)
                           : append_zeros(&column->values, n * fp_kind_width(column->kind));
    if (status == FP_OK && n)
        status = fp_column_extend(column, n, (const uint32_t[]){0}, 1);
    if (status != FP_OK || n == 0)
        return status;
    for (int64_t row = column->rows - n + 1; row < column->rows; row++)
        column->validity.data[row / 8] &= (uint8_t)~(1 << row % 8);
    column->nulls += n - 1;
    return FP_OK;
}
