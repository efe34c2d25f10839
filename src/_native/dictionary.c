/* Open addressing over the values, which lie end to end as Arrow wants them. */
#include "dictionary.h"

#include "bits.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64, FIRST_BYTES = 1024, PAD = 8 /* readable behind the last value */ };

/* Folds eight bytes at a time; the last eight may overlap those before. */
static uint32_t hash_text(const uint8_t *text, uint32_t size, uint64_t seed) {
    uint64_t hash = seed ^ (size * 0x9e3779b97f4a7c15u);
    if (size < 8) {
        uint64_t word = size ? fp_load8(text) << (64 - 8 * size) : 0;
        hash = (hash ^ word) * 0xd6e8feb86659fd93u;
    } else {
        for (uint32_t at = 0; at + 8 < size; at += 8) {
            hash = (hash ^ fp_load8(text + at)) * 0xd6e8feb86659fd93u;
            hash ^= hash >> 29;
        }
        hash = (hash ^ fp_load8(text + size - 8)) * 0xd6e8feb86659fd93u;
    }
    hash ^= hash >> 32;
    return (uint32_t)(hash * 0xd6e8feb86659fd93u >> 32);
}

static void place_slot(fp_slot *slots, uint32_t n_slots, fp_slot slot) {
    uint32_t at = slot.hash & (n_slots - 1);
    while (slots[at].code_plus_1)
        at = (at + 1) & (n_slots - 1);
    slots[at] = slot;
}

static fp_status grow_slots(fp_dictionary *d) {
    uint32_t n_slots = d->n_slots ? d->n_slots * 2 : FIRST_SLOTS;
    fp_slot *slots = calloc(n_slots, sizeof *slots);
    int32_t *offsets = realloc(d->offsets, (n_slots / 2 + 2) * sizeof *offsets);
    if (offsets)
        d->offsets = offsets;
    if (!slots || !offsets) {
        free(slots);
        return FP_ERR_MEMORY;
    }
    d->offsets[0] = 0;
    for (uint32_t i = 0; i < d->n_slots; i++)
        if (d->slots[i].code_plus_1)
            place_slot(slots, n_slots, d->slots[i]);
    free(d->slots);
    d->slots = slots;
    d->n_slots = n_slots;
    return FP_OK;
}

static fp_status grow_bytes(fp_dictionary *d, uint32_t extra) {
    if (d->size + extra + PAD <= d->capacity)
        return FP_OK;
    if (d->size + extra > INT32_MAX)
        return FP_ERR_SIZE;
    size_t capacity = d->capacity ? d->capacity : FIRST_BYTES;
    while (capacity < d->size + extra + PAD)
        capacity *= 2;
    uint8_t *bytes = realloc(d->bytes, capacity);
    if (!bytes)
        return FP_ERR_MEMORY;
    d->bytes = bytes;
    d->capacity = capacity;
    return FP_OK;
}

static int64_t add_value(fp_dictionary *d, const uint8_t *text, uint32_t size, uint32_t hash) {
    fp_status status = FP_OK;
    if (2 * (d->n_values + 1) > d->n_slots)
        status = grow_slots(d);
    if (status == FP_OK)
        status = grow_bytes(d, size);
    if (status != FP_OK)
        return status;
    memcpy(d->bytes + d->size, text, size);
    d->size += size;
    d->offsets[++d->n_values] = (int32_t)d->size;
    place_slot(d->slots, d->n_slots, (fp_slot){hash, d->n_values});
    return d->n_values - 1;
}

int64_t fp_dictionary_encode(fp_dictionary *d, const uint8_t *text, uint32_t size) {
    uint32_t hash = hash_text(text, size, d->seed);
    for (uint32_t i = hash; d->n_slots; i++) {
        fp_slot slot = d->slots[i & (d->n_slots - 1)];
        if (!slot.code_plus_1)
            break;
        uint32_t code = slot.code_plus_1 - 1;
        uint32_t begin = (uint32_t)d->offsets[code];
        if (slot.hash == hash && (uint32_t)d->offsets[code + 1] - begin == size &&
            (size == 0 || fp_equal(d->bytes + begin, text, size)))
            return code;
    }
    return add_value(d, text, size, hash);
}

void fp_dictionary_clear(fp_dictionary *d) {
    if (d->n_values)
        memset(d->slots, 0, d->n_slots * sizeof *d->slots);
    d->n_values = 0;
    d->size = 0;
}

void fp_dictionary_free(fp_dictionary *d) {
    free(d->slots);
    free(d->bytes);
    free(d->offsets);
    *d = (fp_dictionary){.seed = d->seed};
}
