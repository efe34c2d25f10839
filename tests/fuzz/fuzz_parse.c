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
enum { N_FIELDS = 6, N_TARGETS = 7, HEADER_BYTES = 3 };

static const fp_field fields_a[N_FIELDS] = {
    FIELD("export-timestamp", FP_CHECK_ISO_TIME, INT64_MAX),
    FIELD("srcaddr", FP_CHECK_TEXT, 0),
    FIELD("dstport", FP_CHECK_NUMBER, 65535),
    FIELD("bytes", FP_CHECK_NUMBER, INT64_MAX),
    FIELD("start", FP_CHECK_NUMBER, INT64_MAX),
    FIELD("log-status", FP_CHECK_TEXT, 0),
};
static const fp_field fields_b[N_FIELDS] = {
    FIELD("dstport", FP_CHECK_NUMBER, 65535),   FIELD("srcaddr", FP_CHECK_TEXT, 0),
    FIELD("start", FP_CHECK_NUMBER, INT64_MAX), FIELD("log-status", FP_CHECK_TEXT, 0),
    FIELD("bytes", FP_CHECK_NUMBER, INT64_MAX), FIELD("tcp-flags", FP_CHECK_NUMBER, INT32_MAX),
};
static const int32_t places_a[N_TARGETS] = {0, 1, 2, 4, 5, -1, -1};
static const int32_t places_b[N_TARGETS] = {-1, 1, 0, 2, 3, -1, -1};
static const fp_kind kinds[N_TARGETS] = {FP_KIND_ISO_TIME, FP_KIND_TEXT,       FP_KIND_INT32,
                                         FP_KIND_TIME,     FP_KIND_DICTIONARY, FP_KIND_LINE,
                                         FP_KIND_SOURCE};

static const int64_t ports[] = {22, 80, 443};
static const int64_t one[] = {1};
static const fp_text texts[] = {{(const uint8_t *)"NODATA", 6}, {(const uint8_t *)"OK", 2}};
static const fp_range4 ranges4[] = {{0x0a000000, 0x0affffff}, {0xc0000200, 0xc00002ff}};
static const fp_range6 ranges6[] = {{{0x20010db800000000, 0}, {0x20010db8ffffffff, UINT64_MAX}}};
static const fp_term terms[] = {
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

/* Row by row, since batches may be cut differently. */
static uint64_t mix_value(uint64_t digest, const struct ArrowArray *array, int64_t row) {
    const uint8_t *validity = array->buffers[0];
    if (validity && !(validity[row / 8] >> (row % 8) & 1))
        return mix(digest, "null", 4);
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
    return mix(digest, (const uint8_t *)array->buffers[1] + 8 * row, 8);
}

static uint64_t mix_int32(uint64_t digest, const struct ArrowArray *array, int64_t row) {
    const uint8_t *validity = array->buffers[0];
    if (validity && !(validity[row / 8] >> (row % 8) & 1))
        return mix(digest, "null", 4);
    return mix(digest, (const uint8_t *)array->buffers[1] + 4 * row, 4);
}

/* out->digest mixes a digest for each column, so it does not depend on the batches. */
static void take_rows(fp_parser *parser, uint64_t *digests) {
    struct ArrowArray batch;
    if (fp_parser_export(parser, &batch) != FP_OK)
        FAIL("export");
    for (int c = 0; c < N_TARGETS; c++)
        for (int64_t row = 0; row < batch.length; row++)
            digests[c] = kinds[c] == FP_KIND_INT32 ? mix_int32(digests[c], batch.children[c], row)
                                                   : mix_value(digests[c], batch.children[c], row);
    batch.release(&batch);
}

static void take_rejects(fp_parser *parser, uint64_t *digests) {
    struct ArrowArray batch;
    if (fp_parser_export_rejects(parser, &batch) != FP_OK)
        FAIL("export of rejects");
    for (int c = 0; c < 7; c++)
        for (int64_t row = 0; row < batch.length; row++)
            digests[c] = c >= 2 && c <= 4 ? mix_int32(digests[c], batch.children[c], row)
                                          : mix_value(digests[c], batch.children[c], row);
    batch.release(&batch);
}

static void take(fp_parser *parser, outcome *out, uint64_t *digests) {
    out->rows += fp_parser_rows(parser);
    out->rejects += fp_parser_rejects(parser);
    if (fp_parser_rows(parser))
        take_rows(parser, digests);
    if (fp_parser_rejects(parser))
        take_rejects(parser, digests + N_TARGETS);
}

static void make_layout(fp_layout *layout, const fp_field *fields, const int32_t *places,
                        uint32_t n_targets, fp_target *targets, int32_t *target_of_field,
                        bool filtered, int32_t status) {
    for (int f = 0; f < N_FIELDS; f++)
        target_of_field[f] = -1;
    for (uint32_t t = 0; t < n_targets; t++) {
        targets[t] = (fp_target){kinds[t], places[t]};
        if (places[t] >= 0)
            target_of_field[places[t]] = (int32_t)t;
    }
    *layout = (fp_layout){fields,
                          N_FIELDS,
                          targets,
                          n_targets,
                          target_of_field,
                          terms,
                          sizeof terms / sizeof terms[0],
                          filtered,
                          status};
}

/* Parsers are kept from input to input: making one costs more than parsing, and a stale one
 * must not show. */
enum { N_BLOCKS = 6 };
static const uint32_t block_bytes[N_BLOCKS] = {FP_BLOCK_BYTES, 1, 2, 63, 64, 1000};

static fp_parser *keep_parser(const fp_names *known, int block) {
    static fp_parser *kept[N_BLOCKS];
    if (!kept[block])
        kept[block] = fp_parser_new(known, 7, block_bytes[block], 5);
    return kept[block];
}

static outcome parse(const fp_names *known, const uint8_t *data, size_t size, const uint8_t *how,
                     int block, size_t piece_bytes) {
    fp_layout layouts[2];
    fp_target targets[2][N_TARGETS];
    int32_t target_of_field[2][N_FIELDS];
    make_layout(&layouts[0], fields_a, places_a, N_TARGETS, targets[0], target_of_field[0],
                how[0] & 1, 5);
    make_layout(&layouts[1], fields_b, places_b, N_TARGETS, targets[1], target_of_field[1],
                how[0] & 2, 3);

    fp_parser *parser = keep_parser(known, block);
    if (!parser || fp_parser_begin(parser, (const uint8_t *)"fuzz", 4) != FP_OK)
        FAIL("no parser");
    outcome out = {0};
    uint64_t digests[N_TARGETS + 7] = {0};
    bool which = how[0] & 4;
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
            take(parser, &out, digests);
        } else {
            fp_line line = fp_parser_line(parser);
            bool taken = event == FP_EVENT_HEADER || (!line.too_long && how[0] & 16);
            uint32_t shown = line.size < FP_TEXT_KEPT ? line.size : FP_TEXT_KEPT;
            out.digest = mix(out.digest, line.text, shown);
            out.digest = mix(out.digest, &line.byte_offset, 8);
            take(parser, &out, digests);
            which = !which;
            if (fp_parser_use(parser, &layouts[which], taken) != FP_OK)
                FAIL("use");
        }
    }
    take(parser, &out, digests);
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
    fp_text names[2 * N_FIELDS];
    for (int f = 0; f < N_FIELDS; f++) {
        names[f] = (fp_text){(const uint8_t *)fields_a[f].name, fields_a[f].name_bytes};
        names[N_FIELDS + f] = (fp_text){(const uint8_t *)fields_b[f].name, fields_b[f].name_bytes};
    }
    if (!kept)
        kept = fp_names_new(names, 2 * N_FIELDS);
    return kept;
}

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
        outcome pieces = parse(known, data, size, how, 1 + how[1] % (N_BLOCKS - 1), 1u + how[2]);
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
