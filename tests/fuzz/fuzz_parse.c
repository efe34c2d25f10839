/* libFuzzer target over the C core.
 *
 * The input's first bytes choose a format, a filter, a block size and how the rest is cut into
 * pieces. The rest is parsed with every kernel, whole and in pieces: all must give the same
 * bytes of columns, the same rejects and the same counts (laws 2 and 3), and the counts must add
 * up to the lines (law 5). The sanitizers watch the memory.
 */
#include "flowparse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAIL(what)                                                                                 \
    do {                                                                                           \
        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what);                                  \
        abort();                                                                                   \
    } while (0)

#define FIELD(text, check, maximum) {text, sizeof text - 1, check, maximum}
enum { MAX_FIELDS = 9, MAX_TARGETS = 10, N_REJECT_COLUMNS = 7, HEADER_BYTES = 3 };

static const int64_t ports[] = {22, 80, 443};
static const int64_t one[] = {1};
static const fp_text texts[] = {{(const uint8_t *)"NODATA", 6}, {(const uint8_t *)"OK", 2}};
static const fp_range4 ranges4[] = {{0x0a000000, 0x0affffff}, {0xc0000200, 0xc00002ff}};
static const fp_range6 ranges6[] = {{{0x20010db800000000, 0}, {0x20010db8ffffffff, UINT64_MAX}}};
static const fp_term terms_ab[] = {
    {.op = FP_OP_IN, .field = 2, .numbers = ports, .n_numbers = 3, .group = 0},
    {.op = FP_OP_IS_NOT_NULL, .field = 3, .group = 0},
    {.op = FP_OP_IN_NETWORK,
     .operand = FP_OPERAND_NETWORK,
     .field = 1,
     .ranges4 = ranges4,
     .n_ranges4 = 2,
     .ranges6 = ranges6,
     .n_ranges6 = 1,
     .group = 1},
    {.op = FP_OP_NOT_IN,
     .operand = FP_OPERAND_TEXT,
     .field = 5,
     .texts = texts,
     .n_texts = 2,
     .group = 2},
    {.op = FP_OP_GT,
     .operand = FP_OPERAND_ISO_TIME,
     .field = 0,
     .numbers = one,
     .n_numbers = 1,
     .group = 3},
    {.op = FP_OP_LE, .operand = FP_OPERAND_LINE, .numbers = one, .n_numbers = 1, .group = 4},
};
static const fp_term terms_c[] = {
    {.op = FP_OP_NOT_IN, .field = 5, .numbers = ports, .n_numbers = 3, .group = 0},
    {.op = FP_OP_IN,
     .operand = FP_OPERAND_TEXT,
     .field = 8,
     .texts = texts,
     .n_texts = 2,
     .group = 0},
    {.op = FP_OP_IS_NULL, .field = 6, .group = 1},
    {.op = FP_OP_EQ,
     .operand = FP_OPERAND_TIME,
     .field = 7,
     .numbers = one,
     .n_numbers = 1,
     .group = 2},
};

/* What is asked of a line. The fields of targets are places in it; -1: the format lacks it. */
typedef struct format {
    fp_field fields[MAX_FIELDS];
    fp_target targets[MAX_TARGETS];
    const fp_term *terms;
    uint32_t n_fields, n_targets, n_terms;
    int32_t status;
} format;

/* The third has text of few values side by side, as real ones do: kernels look whether it repeats
 * from row to row. */
enum { N_FORMATS = 3 };
static const format formats[N_FORMATS] = {
    {.fields = {FIELD("export-timestamp", FP_CHECK_ISO_TIME, INT64_MAX),
                FIELD("srcaddr", FP_CHECK_TEXT, 0), FIELD("dstport", FP_CHECK_NUMBER, 65535),
                FIELD("bytes", FP_CHECK_NUMBER, INT64_MAX),
                FIELD("start", FP_CHECK_NUMBER, INT64_MAX), FIELD("log-status", FP_CHECK_TEXT, 0)},
     .targets = {{FP_KIND_ISO_TIME, 0},
                 {FP_KIND_TEXT, 1},
                 {FP_KIND_INT32, 2},
                 {FP_KIND_TIME, 4},
                 {FP_KIND_DICTIONARY, 5},
                 {FP_KIND_LINE, -1},
                 {FP_KIND_SOURCE, -1}},
     .terms = terms_ab,
     .n_terms = sizeof terms_ab / sizeof terms_ab[0],
     .n_fields = 6,
     .n_targets = 7,
     .status = 5},
    {.fields = {FIELD("dstport", FP_CHECK_NUMBER, 65535), FIELD("srcaddr", FP_CHECK_TEXT, 0),
                FIELD("start", FP_CHECK_NUMBER, INT64_MAX), FIELD("log-status", FP_CHECK_TEXT, 0),
                FIELD("bytes", FP_CHECK_NUMBER, INT64_MAX),
                FIELD("tcp-flags", FP_CHECK_NUMBER, INT32_MAX)},
     .targets = {{FP_KIND_ISO_TIME, -1},
                 {FP_KIND_TEXT, 1},
                 {FP_KIND_INT32, 0},
                 {FP_KIND_TIME, 2},
                 {FP_KIND_DICTIONARY, 3},
                 {FP_KIND_LINE, -1},
                 {FP_KIND_SOURCE, -1}},
     .terms = terms_ab,
     .n_terms = sizeof terms_ab / sizeof terms_ab[0],
     .n_fields = 6,
     .n_targets = 7,
     .status = 3},
    {.fields = {FIELD("version", FP_CHECK_NUMBER, INT32_MAX), FIELD("account-id", FP_CHECK_TEXT, 0),
                FIELD("interface-id", FP_CHECK_TEXT, 0), FIELD("action", FP_CHECK_TEXT, 0),
                FIELD("srcaddr", FP_CHECK_TEXT, 0), FIELD("dstport", FP_CHECK_NUMBER, 65535),
                FIELD("bytes", FP_CHECK_NUMBER, INT64_MAX),
                FIELD("start", FP_CHECK_NUMBER, INT64_MAX), FIELD("log-status", FP_CHECK_TEXT, 0)},
     .targets = {{FP_KIND_INT32, 0},
                 {FP_KIND_DICTIONARY, 1},
                 {FP_KIND_DICTIONARY, 2},
                 {FP_KIND_DICTIONARY, 3},
                 {FP_KIND_TEXT, 4},
                 {FP_KIND_INT32, 5},
                 {FP_KIND_INT64, 6},
                 {FP_KIND_TIME, 7},
                 {FP_KIND_DICTIONARY, 8},
                 {FP_KIND_LINE, -1}},
     .terms = terms_c,
     .n_terms = sizeof terms_c / sizeof terms_c[0],
     .n_fields = 9,
     .n_targets = 10,
     .status = 8},
};

typedef struct outcome {
    uint64_t digest;
    fp_counts counts;
    int64_t rows, rejects;
} outcome;

static uint64_t mix(uint64_t digest, const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ bytes[i]) * 0x100000001b3u;
    return digest;
}

static bool is_null(const struct ArrowArray *array, int64_t row) {
    const uint8_t *validity = array->buffers[0];
    return validity && !(validity[row / 8] >> (row % 8) & 1);
}

/* A value of fixed width; where it is null, too: all kernels leave the same there. */
static uint64_t mix_fixed(uint64_t digest, const struct ArrowArray *array, int64_t row, int width) {
    if (is_null(array, row))
        digest = mix(digest, "null", 4);
    return mix(digest, (const uint8_t *)array->buffers[1] + width * row, (size_t)width);
}

/* Row by row, since batches may be cut differently. */
static uint64_t mix_value(uint64_t digest, const struct ArrowArray *array, int64_t row) {
    if (array->n_buffers == 3 && is_null(array, row))
        return mix(digest, "null", 4);
    if (array->dictionary && is_null(array, row))
        return mix_fixed(digest, array, row, 4);
    if (array->dictionary) {
        int32_t code = ((const int32_t *)array->buffers[1])[row];
        if (code < 0 || code >= array->dictionary->length)
            FAIL("a code outside the dictionary");
        return mix_value(digest, array->dictionary, code);
    }
    if (array->n_buffers == 3) {
        const int32_t *offsets = array->buffers[1];
        if (offsets[row] > offsets[row + 1])
            FAIL("offsets that fall");
        return mix(mix(digest, (const uint8_t *)array->buffers[2] + offsets[row],
                       (size_t)(offsets[row + 1] - offsets[row])),
                   "|", 1);
    }
    return mix_fixed(digest, array, row, 8);
}

/* out->digest mixes a digest for each column, so it does not depend on the batches. */
static void take_rows(fp_parser *parser, const format *format, uint64_t *digests) {
    struct ArrowArray batch;
    if (fp_parser_export(parser, &batch) != FP_OK)
        FAIL("export");
    for (uint32_t c = 0; c < format->n_targets; c++) {
        bool is_int32 = format->targets[c].kind == FP_KIND_INT32;
        for (int64_t row = 0; row < batch.length; row++)
            digests[c] = is_int32 ? mix_fixed(digests[c], batch.children[c], row, 4)
                                  : mix_value(digests[c], batch.children[c], row);
    }
    batch.release(&batch);
}

static void take_rejects(fp_parser *parser, uint64_t *digests) {
    struct ArrowArray batch;
    if (fp_parser_export_rejects(parser, &batch) != FP_OK)
        FAIL("export of rejects");
    for (int c = 0; c < N_REJECT_COLUMNS; c++)
        for (int64_t row = 0; row < batch.length; row++)
            digests[c] = c >= 2 && c <= 4 ? mix_fixed(digests[c], batch.children[c], row, 4)
                                          : mix_value(digests[c], batch.children[c], row);
    batch.release(&batch);
}

static void take(fp_parser *parser, const format *format, outcome *out, uint64_t *digests) {
    out->rows += fp_parser_rows(parser);
    out->rejects += fp_parser_rejects(parser);
    if (fp_parser_rows(parser))
        take_rows(parser, format, digests);
    if (fp_parser_rejects(parser))
        take_rejects(parser, digests + MAX_TARGETS);
}

static void make_layout(fp_layout *layout, const format *format, int32_t *target_of_field,
                        bool filtered) {
    for (int f = 0; f < MAX_FIELDS; f++)
        target_of_field[f] = -1;
    for (uint32_t t = 0; t < format->n_targets; t++)
        if (format->targets[t].field >= 0)
            target_of_field[format->targets[t].field] = (int32_t)t;
    *layout = (fp_layout){.fields = format->fields,
                          .n_fields = format->n_fields,
                          .targets = format->targets,
                          .n_targets = format->n_targets,
                          .target_of_field = target_of_field,
                          .terms = format->terms,
                          .n_terms = format->n_terms,
                          .filtered = filtered,
                          .status_field = format->status};
}

/* Parsers are kept from input to input: making one costs more than parsing, and a stale one
 * must not show. The first parses whole inputs, and its batches are as large as real ones. */
enum { N_BLOCKS = 7 };
static const uint32_t block_bytes[N_BLOCKS] = {FP_BLOCK_BYTES, 1, 2, 63, 64, 1000, 20000};
static const uint32_t batch_rows[N_BLOCKS] = {FP_BATCH_ROWS, 5, 5, 5, 5, 5, 300};

static fp_parser *keep_parser(const fp_names *known, int block) {
    static fp_parser *kept[N_BLOCKS];
    if (!kept[block])
        kept[block] = fp_parser_new(known, 7, block_bytes[block], batch_rows[block]);
    return kept[block];
}

static outcome parse(const fp_names *known, const uint8_t *data, size_t size, const uint8_t *how,
                     int block, size_t piece_bytes) {
    fp_layout layouts[N_FORMATS];
    int32_t target_of_field[N_FORMATS][MAX_FIELDS];
    for (int i = 0; i < N_FORMATS; i++)
        make_layout(&layouts[i], &formats[i], target_of_field[i],
                    how[0] & (const uint8_t[]){1, 2, 64}[i]);

    fp_parser *parser = keep_parser(known, block);
    if (!parser || fp_parser_begin(parser, (const uint8_t *)"fuzz", 4) != FP_OK)
        FAIL("no parser");
    outcome out = {0};
    uint64_t digests[MAX_TARGETS + N_REJECT_COLUMNS] = {0};
    uint32_t which = how[0] & 32 ? 2 : how[0] & 4 ? 1 : 0;
    size_t at = 0;
    for (int event; (event = fp_parser_step(parser)) != FP_EVENT_END;) {
        if (event < 0)
            FAIL("the parser failed");
        if (event == FP_EVENT_INPUT && at == size) {
            fp_parser_finish(parser, how[0] & 8);
        } else if (event == FP_EVENT_INPUT) {
            size_t n = size - at < piece_bytes ? size - at : piece_bytes;
            if (fp_parser_write(parser, data + at, n) != FP_OK)
                FAIL("write");
            at += n;
        } else if (event == FP_EVENT_BATCH) {
            take(parser, &formats[which], &out, digests);
        } else {
            fp_line line = fp_parser_line(parser);
            bool taken = event == FP_EVENT_HEADER || (!line.too_long && how[0] & 16);
            uint32_t shown = line.size < FP_TEXT_KEPT ? line.size : FP_TEXT_KEPT;
            out.digest = mix(out.digest, line.text, shown);
            out.digest = mix(out.digest, &line.byte_offset, 8);
            take(parser, &formats[which], &out, digests);
            which = (which + 1) % N_FORMATS;
            if (fp_parser_use(parser, &layouts[which], taken) != FP_OK)
                FAIL("use");
        }
    }
    take(parser, &formats[which], &out, digests);
    out.counts = fp_parser_counts(parser);
    out.digest = mix(out.digest, digests, sizeof digests);
    return out;
}

static int64_t count_lines(const uint8_t *data, size_t size, bool whole) {
    int64_t lines = 0;
    size_t last = 0;
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        last = 3;
    for (size_t i = 0; i < size; i++)
        if (data[i] == '\n') {
            lines++;
            last = i + 1;
        }
    return lines + (whole && last < size);
}

static void compare(const outcome *a, const outcome *b) {
    if (memcmp(&a->counts, &b->counts, sizeof a->counts) != 0)
        FAIL("counts depend on kernel or cut");
    if (a->rows != b->rows || a->rejects != b->rejects || a->digest != b->digest)
        FAIL("rows depend on kernel or cut");
}

static const fp_names *keep_names(void) {
    static fp_names *kept;
    fp_text names[N_FORMATS * MAX_FIELDS];
    uint32_t n = 0;
    for (int i = 0; i < N_FORMATS; i++)
        for (uint32_t f = 0; f < formats[i].n_fields; f++)
            names[n++] = (fp_text){(const uint8_t *)formats[i].fields[f].name,
                                   formats[i].fields[f].name_bytes};
    if (!kept)
        kept = fp_names_new(names, n);
    return kept;
}

/* A few bytes, or so many that most blocks hold whole lines of one piece. */
static size_t choose_piece(uint8_t how) {
    return how < 128 ? 1u + how : 128u * (how - 127u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEADER_BYTES)
        return 0;
    const uint8_t *how = data;
    data += HEADER_BYTES;
    size -= HEADER_BYTES;

    const fp_names *known = keep_names();
    outcome first = {0};
    bool any = false;
    for (const char *const *kernel = fp_kernel_names(); *kernel; kernel++) {
        fp_use_kernel(*kernel);
        outcome whole = parse(known, data, size, how, 0, size + 1);
        outcome pieces =
            parse(known, data, size, how, 1 + how[1] % (N_BLOCKS - 1), choose_piece(how[2]));
        compare(&whole, &pieces);
        if (any)
            compare(&first, &whole);
        first = whole;
        any = true;
    }
    int64_t lines =
        first.counts.records + first.counts.rejects + first.counts.headers + first.counts.blank;
    if (lines != count_lines(data, size, how[0] & 8))
        FAIL("a line is not accounted for");
    if (first.rejects != first.counts.rejects)
        FAIL("a reject is lost");
    return 0;
}
