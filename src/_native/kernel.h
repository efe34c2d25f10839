/* What is compiled once for each kind of CPU and chosen at run time. All kernels give the same
 * bits; they differ in speed alone. */
#ifndef FP_KERNEL_H
#define FP_KERNEL_H

#include "dictionary.h"
#include "rows.h"
#include "scan.h"

enum { FP_REPEAT_FIELDS = 4 };

/* What becomes of the numbers of a field. */
typedef enum fp_made {
    FP_MADE_NOTHING = 0, /* they are only checked */
    FP_MADE_INT32,
    FP_MADE_INT64,
    FP_MADE_TIME, /* int64; milliseconds are scaled down */
} fp_made;

/* nulls: a bit a row, 1 for null, and what is behind the last row is 0. All return their
 * number. out has room for FP_ROW_PAD rows more. */
typedef struct fp_kernel_table {
    const char *name;
    /* text: bytes + FP_PAD readable; its last byte is a newline. */
    void (*scan)(const uint8_t *text, uint32_t bytes, fp_index *index);
    /* Lays out ends from first, after every change of first and count. */
    void (*lay)(fp_rows *rows);
    /* The numbers of one field; what is not in range goes to bad, and its value is 0. */
    uint32_t (*decode)(const fp_rows *rows, fp_place place, uint64_t maximum, fp_made made,
                       void *out, uint8_t *nulls, fp_bad_rows *bad);
    /* The codes of one field; below 0: an fp_status. */
    int64_t (*encode)(const fp_rows *rows, fp_place place, fp_dictionary *dictionary, int32_t *out,
                      uint8_t *nulls);
    /* The text of one field, end to end from offsets[0] of out on; offsets: one a row more. out
     * has room for FP_PAD bytes more. */
    uint32_t (*copy)(const fp_rows *rows, uint32_t field, uint8_t *out, int32_t *offsets,
                     uint8_t *nulls);
    /* Which of n_fields from one on, FP_REPEAT_FIELDS at most, are the same bytes, at the same
     * places after its beginning, as in the row before: a bit a field, a byte a row. NULL: it
     * would not pay. */
    void (*repeat)(const fp_rows *rows, uint32_t field, uint32_t n_fields, uint8_t *same);
    /* fp_code_addresses */
    void (*code_ipv4)(const uint8_t *bytes, const int32_t *offsets, const int64_t *rows, uint32_t n,
                      const uint8_t *end, uint32_t *bits, uint8_t *is_ipv4);
} fp_kernel_table;

extern const fp_kernel_table fp_kernel_scalar, fp_kernel_avx2, fp_kernel_avx512, fp_kernel_neon;

/* The kernel in use. */
extern const fp_kernel_table *fp_run;

#endif
