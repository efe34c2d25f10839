/* What the fuzz targets of Arrow arrays share: the input, byte by byte, memory of exact size, and
 * how an array begins.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include "arrow_abi.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { MAX_BUFFERS = 256 };

static const uint8_t *input;
static size_t input_left;
static void *buffers[MAX_BUFFERS];
static int n_buffers;

static uint32_t take(void) {
    if (!input_left)
        return 0;
    input_left--;
    return *input++;
}

static void *new_buffer(size_t size) {
    CHECK(n_buffers < MAX_BUFFERS);
    return buffers[n_buffers++] = malloc(size);
}

static void free_buffers(void) {
    while (n_buffers)
        free(buffers[--n_buffers]);
}

typedef struct array {
    struct ArrowArray arrow;
    const void *shown[3];
    int kind;
    bool sound;
} array;

/* An array of so many rows, with a bitmap of few nulls or many, or none. `kind` is the target's. */
static void begin_array(array *a, int kind, int64_t n_shown, int64_t rows) {
    *a = (array){.sound = true, .kind = kind};
    a->arrow.offset = take() % 16;
    a->arrow.length = rows;
    a->arrow.n_buffers = n_shown;
    a->arrow.buffers = a->shown;
    if (take() % 2) {
        size_t size = (size_t)(a->arrow.offset + rows + 7) / 8;
        uint8_t *bits = new_buffer(size), more = take() % 2 ? 0xff : 0;
        for (size_t i = 0; i < size; i++)
            bits[i] = (uint8_t)take() | more;
        a->shown[0] = bits;
        a->arrow.null_count = take() % 2 ? -1 : rows;
    }
}

#endif
