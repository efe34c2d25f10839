/* The core once over a file, for tools that count what it does.
 *
 *   stages                      the kernels that run here, one a line
 *   stages LAYOUT TEXT KERNEL   parses TEXT; prints its records
 *
 * LAYOUT is a text of its own, a line each: `field NAME CHECK MAXIMUM`, `target KIND PLACE` and
 * `equals PLACE VALUE`, a term that text must match. Only run_core is what is to be counted.
 */
#include "flowparse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 64, WORD = 64, PIECE_BYTES = 262144 };

typedef struct wanted {
    char names[ROOM][WORD], values[ROOM][WORD];
    fp_field fields[ROOM];
    fp_target targets[ROOM];
    fp_term terms[ROOM];
    fp_text texts[ROOM];
    int32_t target_of_field[ROOM];
    fp_layout layout;
} wanted;

static void fail(const char *what) {
    fprintf(stderr, "stages: %s\n", what);
    exit(2);
}

static void add_line(wanted *w, const char *line) {
    fp_layout *layout = &w->layout;
    uint32_t f = layout->n_fields, t = layout->n_targets, e = layout->n_terms;
    int code, place;
    int64_t maximum;
    if (f == ROOM || t == ROOM || e == ROOM)
        fail("the layout is too large");
    if (sscanf(line, "field %63s %d %" SCNd64, w->names[f], &code, &maximum) == 3) {
        w->fields[f] =
            (fp_field){w->names[f], (uint32_t)strlen(w->names[f]), (fp_check)code, maximum};
        w->target_of_field[f] = -1;
        if (strcmp(w->names[f], "log-status") == 0)
            layout->status_field = (int32_t)f;
        layout->n_fields++;
    } else if (sscanf(line, "target %d %d", &code, &place) == 2 && place < (int)f) {
        w->targets[t] = (fp_target){(fp_kind)code, place};
        if (place >= 0)
            w->target_of_field[place] = (int32_t)t;
        layout->n_targets++;
    } else if (sscanf(line, "equals %d %63s", &place, w->values[e]) == 2) {
        w->texts[e] = (fp_text){(const uint8_t *)w->values[e], (uint32_t)strlen(w->values[e])};
        w->terms[e] = (fp_term){.op = FP_OP_EQ,
                                .operand = FP_OPERAND_TEXT,
                                .field = place,
                                .texts = &w->texts[e],
                                .n_texts = 1};
        layout->n_terms++;
        layout->filtered = true;
    } else {
        fail("a line of the layout cannot be read");
    }
}

static void read_layout(wanted *w, const char *path) {
    w->layout = (fp_layout){.fields = w->fields,
                            .targets = w->targets,
                            .target_of_field = w->target_of_field,
                            .terms = w->terms,
                            .status_field = -1};
    FILE *file = fopen(path, "r");
    char line[4 * WORD];
    if (!file)
        fail("the layout cannot be opened");
    while (fgets(line, sizeof line, file))
        add_line(w, line);
    fclose(file);
}

static uint8_t *read_text(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail("the text cannot be opened");
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *text = malloc(*size + 1);
    if (!text || fread(text, 1, *size, file) != *size)
        fail("the text cannot be read");
    fclose(file);
    return text;
}

static void hand_over(fp_parser *parser) {
    struct ArrowArray batch;
    if (fp_parser_export(parser, &batch) != FP_OK)
        fail("export failed");
    batch.release(&batch);
}

/* Not inlined and not static, so that a tool can be told to count from here. */
__attribute__((noinline)) int64_t run_core(fp_parser *parser, const fp_layout *layout,
                                           const uint8_t *text, size_t size) {
    size_t at = 0;
    for (int event; (event = fp_parser_step(parser)) != FP_EVENT_END;) {
        size_t n = size - at < PIECE_BYTES ? size - at : PIECE_BYTES;
        fp_status status = FP_OK;
        if (event < 0)
            fail("the core refused");
        if (event == FP_EVENT_BATCH) {
            hand_over(parser);
        } else if (event != FP_EVENT_INPUT) {
            status = fp_parser_use(parser, layout, true);
        } else if (n) {
            status = fp_parser_write(parser, text + at, n);
            at += n;
        } else {
            fp_parser_finish(parser, true);
        }
        if (status != FP_OK)
            fail("the core refused the layout");
    }
    if (fp_parser_rows(parser))
        hand_over(parser);
    return fp_parser_counts(parser).records;
}

int main(int argc, char **argv) {
    if (argc == 1) {
        for (const char *const *name = fp_kernel_names(); *name; name++)
            puts(*name);
        return 0;
    }
    if (argc != 4)
        fail("expected LAYOUT TEXT KERNEL, or nothing");
    static wanted w;
    read_layout(&w, argv[1]);
    size_t size;
    uint8_t *text = read_text(argv[2], &size);
    if (fp_use_kernel(argv[3]) != FP_OK)
        fail("this CPU lacks the kernel");
    fp_text names[ROOM];
    for (uint32_t f = 0; f < w.layout.n_fields; f++)
        names[f] = (fp_text){(const uint8_t *)w.names[f], w.fields[f].name_bytes};
    fp_names *known = fp_names_new(names, w.layout.n_fields);
    fp_parser *parser = fp_parser_new(known, 7, FP_BLOCK_BYTES, FP_BATCH_ROWS);
    if (!known || !parser || fp_parser_begin(parser, (const uint8_t *)"", 0) != FP_OK)
        fail("no memory");
    printf("%" PRId64 "\n", run_core(parser, &w.layout, text, size));
    fp_parser_free(parser);
    fp_names_free(known);
    free(text);
    return 0;
}
