/* Memory of large buffers. A page of 4 KiB that is touched first costs as much as parsing dozens
 * of records, so large buffers are cut from chunks that the system may back with huge pages. A
 * chunk lives until the last buffer in it is released, by whatever thread. */
#ifndef FP_MEMORY_H
#define FP_MEMORY_H

#include <stddef.h>
#include <stdint.h>

enum { FP_ALIGNMENT = 64 };

typedef struct fp_chunk fp_chunk;

/* Where one parser takes its buffers from. */
typedef struct fp_arena {
    fp_chunk *open; /* the chunk that is being cut, or NULL */
    size_t used;    /* bytes of it */
} fp_arena;

/* size bytes, aligned; NULL: no memory. arena may be NULL. *owner is the chunk that they lie in,
 * or NULL: both are what fp_deallocate takes. */
uint8_t *fp_allocate(fp_arena *arena, size_t size, fp_chunk **owner);
/* The same, of zeros, and not cut: for a large table that is looked at here and there. */
uint8_t *fp_allocate_zeros(size_t size, fp_chunk **owner);
void fp_deallocate(uint8_t *memory, fp_chunk *owner);
/* Nothing more is cut; what was cut lives on. */
void fp_arena_close(fp_arena *arena);

#endif
