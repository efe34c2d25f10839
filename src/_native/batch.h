/* The rows that wait for export: the columns of the format in force. */
#ifndef FP_BATCH_H
#define FP_BATCH_H

#include "column.h"

typedef struct fp_saved_size {
    int64_t rows, nulls;
} fp_saved_size;

typedef struct fp_batch {
    fp_arena arena;
    uint64_t seed;        /* of dictionaries */
    fp_column *columns;   /* one a target */
    fp_saved_size *saved; /* of each column, should its last rows be taken back */
    uint32_t n_columns;
    int64_t rows;
    bool is_expected; /* the columns know how large they will be */
} fp_batch;

void fp_batch_free(fp_batch *batch);
/* Forgets the rows. */
void fp_batch_clear(fp_batch *batch);
/* Columns of the layout's kinds. FP_ERR_STATE: rows of others wait. */
fp_status fp_batch_fit(fp_batch *batch, const fp_layout *layout);
/* Once enough rows tell of it: how large the columns will be with so many. */
void fp_batch_expect(fp_batch *batch, uint32_t rows);
/* Of text. */
size_t fp_batch_bytes(const fp_batch *batch);

#endif
