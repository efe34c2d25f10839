/* Growing Arrow buffers, and the columns made of them. The only malloc of column data. */
#ifndef FP_COLUMN_H
#define FP_COLUMN_H

#include "dictionary.h"
#include "flowparse.h"

typedef struct fp_buffer {
    uint8_t *data; /* 64-byte aligned, or NULL */
    size_t size, capacity;
    size_t hint; /* how large the last one like it grew: the first allocation is as large */
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

void fp_column_begin(fp_column *column, fp_kind kind, uint64_t seed);
void fp_column_free(fp_column *column);
/* Forgets the rows from `rows` on, where `nulls` were null before it. Not for text. */
void fp_column_truncate(fp_column *column, int64_t rows, int64_t nulls);
/* n rows were appended, these of them null, counted from the first appended. */
fp_status fp_column_extend(fp_column *column, uint32_t n, const uint32_t *nulls, uint32_t n_nulls);
/* n rows of nothing. */
fp_status fp_column_append_nulls(fp_column *column, uint32_t n);

static inline size_t fp_kind_width(fp_kind kind) {
    return kind == FP_KIND_INT32 || kind == FP_KIND_DICTIONARY || kind == FP_KIND_SOURCE ? 4 : 8;
}

static inline bool fp_kind_has_dictionary(fp_kind kind) {
    return kind == FP_KIND_DICTIONARY || kind == FP_KIND_SOURCE;
}

#endif
