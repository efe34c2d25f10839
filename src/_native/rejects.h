/* Lines that are not records: a small table of their own, in the columns of fp_parser's export. */
#ifndef FP_REJECTS_H
#define FP_REJECTS_H

#include "column.h"

typedef struct fp_reject {
    int64_t line, byte_offset;
    fp_reason reason;
    int32_t field;  /* -1: the whole line */
    uint32_t found; /* fields, for FIELD_COUNT */
    fp_text text;   /* the line, or its beginning */
    fp_text value;  /* of the bad field */
} fp_reject;

enum { FP_REJECT_COLUMNS = 7 };

typedef struct fp_rejects {
    fp_column columns[FP_REJECT_COLUMNS];
} fp_rejects;

void fp_rejects_begin(fp_rejects *rejects);
void fp_rejects_free(fp_rejects *rejects);
fp_status fp_append_reject(fp_rejects *rejects, const fp_reject *reject);
/* The text kept so far, in bytes. */
size_t fp_rejects_bytes(const fp_rejects *rejects);
int64_t fp_rejects_rows(const fp_rejects *rejects);

#endif
