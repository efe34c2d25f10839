/* What the fuzz targets of Arrow arrays share: the input, byte by byte, and memory of exact size.
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

enum { MAX_BUFFERS = 64 };

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
    bool sound;
} array;

#endif
