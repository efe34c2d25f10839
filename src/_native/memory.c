/* Small buffers are malloc's. Under a sanitizer all are, so that it sees where each one ends. */
#include "memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#if defined(__has_feature)
#if !__has_feature(address_sanitizer)
#define FP_HAVE_CHUNKS
#endif
#else
#define FP_HAVE_CHUNKS
#endif
#endif

#if defined(_WIN32)
#include <malloc.h>
static uint8_t *allocate(size_t size) {
    return _aligned_malloc(size, FP_ALIGNMENT);
}
static void deallocate(uint8_t *memory) {
    _aligned_free(memory);
}
#else
static uint8_t *allocate(size_t size) {
    return aligned_alloc(FP_ALIGNMENT, size);
}
static void deallocate(uint8_t *memory) {
    free(memory);
}
#endif

static size_t round_up(size_t size, size_t unit) {
    return (size + unit - 1) / unit * unit;
}

#ifdef FP_HAVE_CHUNKS
#include <sys/mman.h>

#ifndef MADV_FREE /* older than glibc 2.24; an older kernel refuses it */
#define MADV_FREE 8
#endif

enum {
    HUGE_PAGE_BYTES = 2 << 20,
    CHUNK_BYTES = 8 << 20,
    KEPT_CHUNKS = 16,            /* as they are */
    LOOSE_CHUNKS = 64,           /* these among them, of which the system may take some back */
    LEAST_CUT_BYTES = 128 << 10, /* what is smaller costs a process few pages */
};

struct fp_chunk {
    size_t size;
    long users; /* buffers in it, and the arena that cuts it */
};

/* Huge pages lie at multiples of their size, and mmap does not: it gives more, and the ends go
 * back. */
static fp_chunk *map_chunk(size_t size) {
    size_t mapped = size + HUGE_PAGE_BYTES;
    uint8_t *memory =
        mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    size_t before = (size_t)(0 - (uintptr_t)memory) % HUGE_PAGE_BYTES;
    if (before)
        munmap(memory, before);
    if (before < HUGE_PAGE_BYTES)
        munmap(memory + before + size, HUGE_PAGE_BYTES - before);
    madvise(memory + before, size, MADV_HUGEPAGE); /* refused: small pages will do */
    fp_chunk *chunk = (fp_chunk *)(void *)(memory + before);
    chunk->size = size;
    chunk->users = 1;
    return chunk;
}

/* Chunks that nobody uses, kept for the next who wants one: the system would have to fill them
 * with zeros again. A lock that is taken is not waited for, so a fork cannot leave one behind
 * that matters. */
static struct {
    char locked;
    int n;
    fp_chunk *chunks[LOOSE_CHUNKS];
} kept;

static bool lock_kept(void) {
    return !__atomic_test_and_set(&kept.locked, __ATOMIC_ACQUIRE);
}

static void unlock_kept(void) {
    __atomic_clear(&kept.locked, __ATOMIC_RELEASE);
}

static fp_chunk *find_chunk(size_t size) {
    fp_chunk *chunk = NULL;
    if (size == CHUNK_BYTES && lock_kept()) {
        if (kept.n)
            chunk = kept.chunks[--kept.n];
        unlock_kept();
    }
    if (!chunk)
        return map_chunk(size);
    chunk->size = size;
    chunk->users = 1;
    return chunk;
}

/* A chunk that the system may take back reads as zeros if it does: its size is set anew. */
static void drop_chunk(fp_chunk *chunk) {
    size_t size = chunk->size;
    bool keeps = false;
    if (size == CHUNK_BYTES && lock_kept()) {
        keeps =
            kept.n < KEPT_CHUNKS || (kept.n < LOOSE_CHUNKS && madvise(chunk, size, MADV_FREE) == 0);
        if (keeps)
            kept.chunks[kept.n++] = chunk;
        unlock_kept();
    }
    if (!keeps)
        munmap(chunk, size);
}

static void leave_chunk(fp_chunk *chunk) {
    if (__atomic_sub_fetch(&chunk->users, 1, __ATOMIC_ACQ_REL) == 0)
        drop_chunk(chunk);
}

/* The first bytes of a chunk are its own. */
static uint8_t *cut(fp_arena *arena, size_t size, fp_chunk **owner) {
    if (!arena->open || arena->used + size > arena->open->size) {
        size_t least = round_up(size + FP_ALIGNMENT, HUGE_PAGE_BYTES);
        fp_chunk *chunk = find_chunk(least > CHUNK_BYTES ? least : CHUNK_BYTES);
        if (!chunk)
            return NULL;
        fp_arena_close(arena);
        arena->open = chunk;
        arena->used = FP_ALIGNMENT;
    }
    uint8_t *memory = (uint8_t *)arena->open + arena->used;
    arena->used += size;
    __atomic_add_fetch(&arena->open->users, 1, __ATOMIC_RELAXED);
    *owner = arena->open;
    return memory;
}
#else
enum { LEAST_CUT_BYTES = 0 };
static void leave_chunk(fp_chunk *chunk) {
    (void)chunk;
}
#endif

uint8_t *fp_allocate(fp_arena *arena, size_t size, fp_chunk **owner) {
    size = round_up(size, FP_ALIGNMENT);
    *owner = NULL;
#ifdef FP_HAVE_CHUNKS
    if (arena && size >= LEAST_CUT_BYTES)
        return cut(arena, size, owner);
#else
    (void)arena;
#endif
    return allocate(size);
}

uint8_t *fp_allocate_zeros(size_t size, fp_chunk **owner) {
    *owner = NULL;
#ifdef FP_HAVE_CHUNKS
    if (size >= HUGE_PAGE_BYTES) {
        *owner = map_chunk(round_up(size + FP_ALIGNMENT, HUGE_PAGE_BYTES));
        return *owner ? (uint8_t *)*owner + FP_ALIGNMENT : NULL;
    }
#endif
    uint8_t *memory = allocate(round_up(size, FP_ALIGNMENT));
    if (memory)
        memset(memory, 0, size);
    return memory;
}

void fp_deallocate(uint8_t *memory, fp_chunk *owner) {
    if (owner)
        leave_chunk(owner);
    else
        deallocate(memory);
}

void fp_arena_close(fp_arena *arena) {
    if (arena->open)
        leave_chunk(arena->open);
    *arena = (fp_arena){0};
}
