/* The contract of the core: every type, code, unit and ownership that callers see.
 *
 * The core turns plain text into Arrow columns. It does no I/O, knows no AWS name that it was
 * not given, and holds no global state but the kernel in use and some free memory (memory.h).
 * One fp_parser serves one thread.
 *
 *   fp_parser_begin   a new source: line 1, byte 0, no format in force
 *   fp_parser_next    the same, but the rows of sources before it go on waiting
 *   fp_parser_write   lend it bytes; they are read by the following steps
 *   fp_parser_step    parse on, until something needs the caller: an fp_event
 *   fp_parser_use     answer FIRST_LINE and HEADER: the format in force from here on
 *   fp_parser_export  hand over the rows so far, as one Arrow struct array
 *
 * Every function that can fail returns an fp_status below zero; the parser must then be freed
 * or begun anew. No pointer handed out stays valid past the next call on the same parser.
 */
#ifndef FLOWPARSE_H
#define FLOWPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arrow_abi.h"

enum {
    FP_PAD = 64,             /* bytes readable before and after every block */
    FP_LINE_MAX = 65536,     /* bytes of the longest line that can be a record */
    FP_TEXT_KEPT = 4096,     /* bytes of a reject's line that are kept */
    FP_VALUE_KEPT = 256,     /* bytes of a reject's bad value that are kept */
    FP_BLOCK_BYTES = 262144, /* default bytes of text parsed at a time: fits the L2 cache */
    FP_BLOCK_BYTES_MAX = 16777216,
    FP_BATCH_ROWS = 65536,        /* rows after which FP_EVENT_BATCH asks for an export */
    FP_BATCH_BYTES = 33554432,    /* bytes of text values after which it does, too */
    FP_CODES_KEPT = 16384,        /* values that a dictionary may take over to the next batch */
    FP_CODE_BYTES_KEPT = 1048576, /* and their bytes: every batch holds a copy of its own */
};

typedef enum fp_status {
    FP_OK = 0,
    FP_ERR_MEMORY = -1, /* an allocation failed */
    FP_ERR_STATE = -2,  /* a call out of turn, such as other columns while rows wait */
    FP_ERR_SIZE = -3,   /* a layout or block too large for 32-bit offsets */
} fp_status;

typedef enum fp_event {
    FP_EVENT_INPUT = 1,      /* all bytes lent are used: write more, or finish */
    FP_EVENT_FIRST_LINE = 2, /* no format is in force: judge fp_parser_line, then use */
    FP_EVENT_HEADER = 3,     /* a header with another format: read fp_parser_line, then use */
    FP_EVENT_BATCH = 4,      /* enough rows or rejects: export them */
    FP_EVENT_END = 5,        /* the source is read; export what is left */
} fp_event;

/* Why a line is not a record. The order is the precedence. */
typedef enum fp_reason {
    FP_REASON_NONE = 0,
    FP_REASON_LINE_TOO_LONG = 1,
    FP_REASON_NOT_UTF8 = 2,
    FP_REASON_FIELD_COUNT = 3,
    FP_REASON_NOT_A_NUMBER = 4,
    FP_REASON_OUT_OF_RANGE = 5,
} fp_reason;

/* What a field must hold for its line to be a record. */
typedef enum fp_check {
    FP_CHECK_TEXT = 0,     /* anything */
    FP_CHECK_NUMBER = 1,   /* `-`, or digits of a value up to the maximum */
    FP_CHECK_ISO_TIME = 2, /* `-`, or an ISO 8601 time with an offset */
} fp_check;

typedef struct fp_field {
    const char *name; /* AWS name, with hyphens */
    uint32_t name_bytes;
    fp_check check;
    int64_t maximum;
} fp_field;

/* What an output column holds. */
typedef enum fp_kind {
    FP_KIND_INT32 = 0,
    FP_KIND_INT64 = 1,
    FP_KIND_TIME = 2,       /* int64 seconds; milliseconds are scaled down */
    FP_KIND_ISO_TIME = 3,   /* int64 milliseconds */
    FP_KIND_TEXT = 4,       /* utf8 with int32 offsets */
    FP_KIND_DICTIONARY = 5, /* int32 codes over utf8 */
    FP_KIND_LINE = 6,       /* int64: the record's line number */
    FP_KIND_SOURCE = 7,     /* dictionary of one value: the source's name */
} fp_kind;

typedef struct fp_target {
    fp_kind kind;
    int32_t field; /* place in the line; -1: the format lacks it, all null */
} fp_target;

typedef enum fp_op {
    FP_OP_FALSE = 0, /* no row */
    FP_OP_TRUE = 1,  /* every row */
    FP_OP_IS_NULL = 2,
    FP_OP_IS_NOT_NULL = 3,
    FP_OP_EQ = 4,
    FP_OP_NE = 5,
    FP_OP_LT = 6,
    FP_OP_LE = 7,
    FP_OP_GT = 8,
    FP_OP_GE = 9,
    FP_OP_IN = 10,
    FP_OP_NOT_IN = 11,
    FP_OP_IN_NETWORK = 12,
} fp_op;

/* What a term compares. */
typedef enum fp_operand {
    FP_OPERAND_NUMBER = 0,
    FP_OPERAND_TIME = 1, /* a number whose milliseconds are scaled first */
    FP_OPERAND_ISO_TIME = 2,
    FP_OPERAND_TEXT = 3,
    FP_OPERAND_NETWORK = 4,
    FP_OPERAND_LINE = 5,
} fp_operand;

typedef struct fp_text {
    const uint8_t *bytes;
    uint32_t size;
} fp_text;

typedef struct fp_range4 {
    uint32_t low, high;
} fp_range4;

typedef struct fp_range6 {
    uint64_t low[2], high[2]; /* the more significant half first */
} fp_range6;

/* One comparison. A null compares as false, but for IS_NULL. */
typedef struct fp_term {
    fp_op op;
    fp_operand operand;
    int32_t field;            /* place in the line; unused by LINE, TRUE and FALSE */
    const int64_t *numbers;   /* one; IN and NOT_IN: sorted */
    const fp_text *texts;     /* one; IN and NOT_IN: sorted by bytes, then size */
    const fp_range4 *ranges4; /* sorted, none overlaps another */
    const fp_range6 *ranges6;
    uint32_t n_numbers, n_texts, n_ranges4, n_ranges6;
    uint32_t group; /* terms of one group must all hold; one group must; ascending */
} fp_term;

/* One format and what is wanted of it. Lent to parsers; the caller frees it after them. */
typedef struct fp_layout {
    const fp_field *fields;
    uint32_t n_fields;
    const fp_target *targets;
    uint32_t n_targets;
    const int32_t *target_of_field; /* n_fields: the target made from this place, or -1 */
    const fp_term *terms;
    uint32_t n_terms;
    bool filtered;        /* false: every record is kept, whatever terms says */
    int32_t status_field; /* place of log-status, or -1 */
} fp_layout;

/* The known field names, as a hash set. */
typedef struct fp_names fp_names;

typedef struct fp_counts {
    int64_t records, no_data, skip_data, rejects, headers, blank;
    int64_t text_bytes;
} fp_counts;

/* The line that FIRST_LINE or HEADER speaks of. */
typedef struct fp_line {
    const uint8_t *text; /* without its newline */
    uint32_t size;
    int64_t number; /* from 1 */
    int64_t byte_offset;
    bool too_long; /* over FP_LINE_MAX: text holds only its beginning */
} fp_line;

typedef struct fp_parser fp_parser;

/* --- names --- */
fp_names *fp_names_new(const fp_text *names, uint32_t n); /* copies; NULL: no memory */
void fp_names_free(fp_names *names);

/* --- parser --- */
fp_parser *fp_parser_new(const fp_names *known, uint64_t seed, uint32_t block_bytes,
                         uint32_t batch_rows); /* NULL: no memory, or a size out of range */
void fp_parser_free(fp_parser *parser);
fp_status fp_parser_begin(fp_parser *parser, const uint8_t *source, uint32_t source_bytes);
/* Rejects must have been exported: they are told by source. */
fp_status fp_parser_next(fp_parser *parser, const uint8_t *source, uint32_t source_bytes);
void fp_parser_set_batch(fp_parser *parser, uint32_t rows);
fp_status fp_parser_write(fp_parser *parser, const uint8_t *bytes, size_t size);
/* No more bytes come. whole: the last line is a line even without its newline. */
void fp_parser_finish(fp_parser *parser, bool whole);
int fp_parser_step(fp_parser *parser); /* an fp_event, or an fp_status below zero */
/* The line that was asked about; text is NULL where none waits. */
fp_line fp_parser_line(const fp_parser *parser);
/* taken: the line was a header; else it is judged by the layout. */
fp_status fp_parser_use(fp_parser *parser, const fp_layout *layout, bool taken);
fp_counts fp_parser_counts(const fp_parser *parser);
int64_t fp_parser_rows(const fp_parser *parser);    /* rows that wait for export */
int64_t fp_parser_rejects(const fp_parser *parser); /* rejects that wait for export */
/* The waiting rows, one child a target; out owns its buffers. */
fp_status fp_parser_export(fp_parser *parser, struct ArrowArray *out);
/* The waiting rejects: line, byte_offset, reason, field (a place, or -1), found (fields, for
 * FIELD_COUNT), text and value (binary). */
fp_status fp_parser_export_rejects(fp_parser *parser, struct ArrowArray *out);

/* --- kernels --- */
/* Names of those this CPU can run, best first, NULL at the end. */
const char *const *fp_kernel_names(void);
const char *fp_kernel(void);               /* the one in use */
fp_status fp_use_kernel(const char *name); /* NULL: the best; FP_ERR_STATE: unknown name */

#endif
