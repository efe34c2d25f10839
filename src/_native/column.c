/* Buffers grow by half again, so that what is handed to Arrow is seldom twice too large. */
#include "column.h"

#include <string.h>

static fp_status resize(fp_buffer *buffer, size_t capacity) {
    fp_chunk *owner;
    uint8_t *data = fp_allocate(buffer->arena, capacity, &owner);
    if (!data)
        return FP_ERR_MEMORY;
    if (buffer->size)
        memcpy(data, buffer->data, buffer->size);
    fp_deallocate(buffer->data, buffer->owner);
    buffer->data = data;
    buffer->owner = owner;
    buffer->capacity = capacity;
    return FP_OK;
}

fp_status fp_reserve(fp_buffer *buffer, size_t extra) {
    size_t wanted = buffer->size + extra + FP_PAD;
    if (wanted <= buffer->capacity)
        return FP_OK;
    size_t grown = buffer->capacity + buffer->capacity / 2;
    size_t likely = buffer->hint + buffer->hint / 16;
    grown = likely > grown ? likely : grown;
    return resize(buffer, wanted > grown ? wanted : grown);
}

void fp_release(fp_buffer *buffer) {
    fp_deallocate(buffer->data, buffer->owner);
    *buffer = (fp_buffer){.arena = buffer->arena};
}

fp_status fp_copy_buffer(fp_buffer *out, const fp_buffer *src) {
    fp_status status = fp_reserve(out, src->size);
    if (status == FP_OK && src->size) {
        memcpy(out->data, src->data, src->size);
        out->size = src->size;
    }
    return status;
}

void fp_column_begin(fp_column *column, fp_kind kind, uint64_t seed, fp_arena *arena) {
    *column = (fp_column){.kind = kind};
    column->values.arena = column->offsets.arena = column->validity.arena = arena;
    fp_dictionary_begin(&column->dictionary, seed);
}

void fp_column_free(fp_column *column) {
    fp_release(&column->values);
    fp_release(&column->offsets);
    fp_release(&column->validity);
    fp_dictionary_free(&column->dictionary);
}

void fp_column_clear(fp_column *column) {
    column->values.size = column->offsets.size = column->validity.size = 0;
    column->rows = column->nulls = 0;
    fp_dictionary_clear(&column->dictionary);
}

static void expect(fp_buffer *buffer, int64_t rows_now, int64_t rows) {
    size_t likely = buffer->size / (size_t)rows_now * (size_t)rows;
    if (likely > buffer->hint)
        buffer->hint = likely;
}

void fp_column_expect(fp_column *column, int64_t rows) {
    if (column->rows == 0)
        return;
    expect(&column->values, column->rows, rows);
    expect(&column->offsets, column->rows, rows);
}

void fp_column_truncate(fp_column *column, int64_t rows, int64_t nulls) {
    column->values.size = (size_t)rows * fp_kind_width(column->kind);
    column->rows = rows;
    column->nulls = nulls;
}

/* Bits of n rows from `from` on, which are set where none is set in nulls; without nulls all are
 * `set`. Behind the last are zeros, in up to eight bytes more; as many of nulls are read. */
static void put_bits(uint8_t *bits, int64_t from, const uint8_t *nulls, bool set, int64_t n) {
    uint8_t *out = bits + from / 8;
    uint32_t shift = (uint32_t)(from % 8);
    uint64_t held = *out & ((1u << shift) - 1), word = set ? ~(uint64_t)0 : 0;
    for (int64_t i = 0; i < n; i += 64, out += 8) {
        if (nulls)
            word = ~fp_load8(nulls + i / 8);
        if (n - i < 64)
            word &= ((uint64_t)1 << (n - i)) - 1;
        fp_store8(out, held | word << shift);
        held = word >> (63 - shift) >> 1;
    }
    *out = (uint8_t)held;
}

fp_status fp_column_extend_validity(fp_column *column, uint32_t n, const uint8_t *nulls,
                                    uint32_t n_nulls) {
    int64_t before = column->rows, after = before + n;
    column->rows = after;
    size_t size = (size_t)(after + 7) / 8;
    bool is_first = column->validity.size == 0;
    if (size > column->validity.size) {
        fp_status status = fp_reserve(&column->validity, size - column->validity.size);
        if (status != FP_OK)
            return status;
        column->validity.size = size;
    }
    if (is_first)
        put_bits(column->validity.data, 0, NULL, true, before);
    put_bits(column->validity.data, before, n_nulls ? nulls : NULL, n_nulls == 0, n);
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
    return status == FP_OK ? fp_column_extend(column, n, NULL, n) : status;
}
