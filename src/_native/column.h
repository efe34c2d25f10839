/* Growing Arrow buffers, and the columns made of them. The only malloc of column data. */
#ifndef FP_COLUMN_H
#define FP_COLUMN_H

#include "dictionary.h"
#include "flowparse.h"
#include "memory.h"

typedef struct fp_buffer {
    uint8_t *data; /* 64-byte aligned, or NULL */
    size_t size, capacity;
    size_t hint;     /* how large it is likely to grow: what it then takes at once */
    fp_chunk *owner; /* what data lies in, or NULL */
    fp_arena *arena; /* where more comes from, or NULL */
} fp_buffer;

/* Room for `extra` bytes more, and FP_PAD beyond them. */
fp_status fp_reserve(fp_buffer *buffer, size_t extra);
void fp_release(fp_buffer *buffer);
/* The whole of src, copied into an empty buffer. */
fp_status fp_copy_buffer(fp_buffer *out, const fp_buffer *src);

typedef struct fp_column {
    fp_kind kind;
    int64_t rows, nulls;
    fp_buffer values;   /* fixed width values, dictionary codes, or the bytes of text */
    fp_buffer offsets;  /* text only: rows + 1 int32 */
    fp_buffer validity; /* a bit a row; empty until the first null */
    fp_dictionary dictionary;
} fp_column;

/* arena outlives the column, or is NULL. */
void fp_column_begin(fp_column *column, fp_kind kind, uint64_t seed, fp_arena *arena);
void fp_column_free(fp_column *column);
/* Forgets the rows and the dictionary. */
void fp_column_clear(fp_column *column);
/* From the rows so far: how large the buffers of so many will be. */
void fp_column_expect(fp_column *column, int64_t rows);
/* Forgets the rows from `rows` on, where `nulls` were null before it. Not for text. */
void fp_column_truncate(fp_column *column, int64_t rows, int64_t nulls);
/* n rows were appended; so many of them are null: those whose bit is set in nulls, or without
 * nulls all of them. No bit is set behind the last row. */
fp_status fp_column_extend_validity(fp_column *column, uint32_t n, const uint8_t *nulls,
                                    uint32_t n_nulls);
static inline fp_status fp_column_extend(fp_column *column, uint32_t n, const uint8_t *nulls,
                                         uint32_t n_nulls) {
    if (n_nulls || column->validity.size)
        return fp_column_extend_validity(column, n, nulls, n_nulls);
    column->rows += n;
    return FP_OK;
}
/* n rows of nothing. */
fp_status fp_column_append_nulls(fp_column *column, uint32_t n);

static inline size_t fp_kind_width(fp_kind kind) {
    return kind == FP_KIND_INT32 || kind == FP_KIND_DICTIONARY || kind == FP_KIND_SOURCE ? 4 : 8;
}

static inline bool fp_kind_has_dictionary(fp_kind kind) {
    return kind == FP_KIND_DICTIONARY || kind == FP_KIND_SOURCE;
}

#endif
