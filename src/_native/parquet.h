/* One column of a Parquet row group: Arrow arrays in, pages out, which are not compressed yet.
 *
 * Values become codes of a dictionary, in order of first appearance. Where the dictionary grows
 * too large, the pages that follow hold the values themselves (PLAIN); where it does not pay, all
 * pages do. Pages are of version 1: definition levels, then values.
 *
 * Source: Apache Parquet, "Encodings" and "File Format"; Apache Arrow, "Columnar Format".
 */
#ifndef FP_PARQUET_H
#define FP_PARQUET_H

#include "arrow_abi.h"
#include "column.h"
#include "flowparse.h"

enum { FP_PAGE_ROWS_MAX = 1 << 28 }; /* so that a run's header can tell them */

typedef enum fp_parquet_kind {
    FP_PARQUET_INT32,
    FP_PARQUET_INT64,
    FP_PARQUET_TEXT,  /* utf8 or binary: int32 offsets */
    FP_PARQUET_CODES, /* int32 codes of a dictionary of such text without nulls, one an array */
} fp_parquet_kind;

typedef struct fp_parquet_request {
    fp_parquet_kind kind;
    int64_t scale; /* int64 only, at least 1: all values are multiplied by it */
    bool nullable; /* pages have definition levels */
    uint64_t seed; /* of the dictionary's hash */
    /* At least 1 each, and page_rows at most FP_PAGE_ROWS_MAX. A page ends at so many rows, and
     * PLAIN text at so many bytes; a dictionary that is larger after a page grows no more. */
    uint32_t page_rows, page_bytes, dictionary_bytes;
} fp_parquet_request;

typedef struct fp_page {
    size_t at;   /* of its first byte in `data` */
    size_t size; /* fits an int32 */
    uint32_t rows;
    bool plain; /* values, and no codes */
} fp_page;

typedef struct fp_parquet_column {
    fp_buffer data; /* the pages, in order; there may be gaps */
    fp_page *pages;
    uint32_t n_pages;
    fp_buffer dictionary; /* PLAIN; empty where no page holds codes */
    uint32_t n_dictionary;
    int64_t nulls;
    bool bounded;               /* there is a value */
    int64_t least, greatest;    /* of numbers, scaled */
    fp_text low_text, top_text; /* of text, in the order of its bytes; of the arrays or below */
    fp_buffer bounds;           /* what the texts lie in */
} fp_parquet_column;

/* Takes no hold of the arrays. FP_ERR_SIZE: the scaled numbers or a page are too large for their
 * fields. FP_ERR_STATE: an array contradicts itself. After an error, `out` is as after
 * fp_parquet_free. */
fp_status fp_parquet_encode(const fp_parquet_request *request,
                            const struct ArrowArray *const *arrays, uint32_t n_arrays,
                            fp_parquet_column *out);
void fp_parquet_free(fp_parquet_column *column);

#endif
