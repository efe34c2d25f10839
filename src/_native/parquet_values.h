/* The values of one column, out of Arrow arrays: as codes of its dictionary, or PLAIN. */
#ifndef FP_PARQUET_VALUES_H
#define FP_PARQUET_VALUES_H

#include "arrow_rows.h"
#include "distinct.h"
#include "parquet.h"

typedef struct fp_values {
    const fp_parquet_request *request;
    fp_numbers numbers;
    fp_texts texts;
    uint32_t *map;        /* codes of one array's dictionary -> code + 1; 0: not met yet */
    fp_text least, top;   /* of text so far; `bytes` are NULL before the first */
    uint64_t plain_bytes; /* that all values would take, but for those of dictionaries */
} fp_values;

/* Looks at the arrays: are they sound, how many values and nulls, and what bounds have numbers? */
fp_status fp_values_begin(fp_values *values, const fp_parquet_request *request,
                          const struct ArrowArray *const *arrays, uint32_t n_arrays,
                          fp_parquet_column *out);
/* Codes of the rows, which hold values. */
fp_status fp_values_code(fp_values *values, const struct ArrowArray *array, fp_rows rows,
                         uint32_t *codes);
/* The rows themselves, PLAIN. Text ends where what lies in `data` from `begin` on would have more
 * than a page's bytes, but one row is always taken; *taken: how many. */
fp_status fp_values_put(fp_values *values, const struct ArrowArray *array, fp_rows rows,
                        fp_buffer *data, size_t begin, int64_t *taken);
/* The next rows are another array's. */
void fp_values_leave_array(fp_values *values);
/* Forgets the dictionary; nothing is coded from here on. */
void fp_values_forget(fp_values *values);
/* Hands over the dictionary and the bounds. */
fp_status fp_values_finish(fp_values *values, fp_parquet_column *out);
void fp_values_free(fp_values *values);

static inline bool fp_is_text_kind(fp_parquet_kind kind) {
    return kind == FP_PARQUET_TEXT || kind == FP_PARQUET_CODES;
}

/* Of the dictionary so far. */
static inline uint32_t fp_values_distinct(const fp_values *values) {
    return fp_is_text_kind(values->request->kind) ? values->texts.n_values
                                                  : values->numbers.n_values;
}

static inline size_t fp_values_width(const fp_values *values) {
    return values->request->kind == FP_PARQUET_INT32 ? 4 : 8;
}

static inline size_t fp_values_dictionary_bytes(const fp_values *values) {
    if (fp_is_text_kind(values->request->kind))
        return values->texts.plain.size;
    return values->numbers.n_values * fp_values_width(values);
}

#endif
