/* Open addressing over the values, which lie end to end as Arrow wants them. */
#include "dictionary.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64, FIRST_BYTES = 1024 };

static void forget_seen(fp_dictionary *d) {
    d->seen[0] = d->seen[1] = (fp_seen){.code = -1};
}

void fp_dictionary_begin(fp_dictionary *d, uint64_t seed) {
    *d = (fp_dictionary){0};
    forget_seen(d);
    for (int i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15u;
        d->secret[i] = fp_fold(seed ^ 0xd6e8feb86659fd93u, seed);
    }
}

/* What lies behind the first 32 bytes, eight at a time; the last eight may overlap those
 * before. */
static uint32_t hash_rest(uint32_t hash, const uint8_t *text, uint32_t size,
                          const uint64_t secret[4]) {
    uint64_t sum = hash;
    for (uint32_t at = FP_KEY_BYTES; at + 8 < size; at += 8)
        sum = fp_fold(sum ^ secret[0], fp_load8(text + at) ^ secret[1]);
    sum = fp_fold(sum ^ secret[2], fp_load8(text + size - 8) ^ secret[3]);
    return (uint32_t)(sum ^ sum >> 32);
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
    fp_entry *entries = realloc(d->entries, (n_slots / 2 + 1) * sizeof *entries);
    if (entries)
        d->entries = entries;
    if (!slots || !offsets || !entries) {
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
    if (d->size + extra <= d->capacity)
        return FP_OK;
    if (d->size + extra > INT32_MAX)
        return FP_ERR_SIZE;
    size_t capacity = d->capacity ? d->capacity : FIRST_BYTES;
    while (capacity < d->size + extra)
        capacity *= 2;
    uint8_t *bytes = realloc(d->bytes, capacity);
    if (!bytes)
        return FP_ERR_MEMORY;
    d->bytes = bytes;
    d->capacity = capacity;
    return FP_OK;
}

static int64_t add_value(fp_dictionary *d, const uint64_t words[4], const uint8_t *text,
                         uint32_t size, uint32_t hash) {
    fp_status status = FP_OK;
    if (2 * (d->n_values + 1) > d->n_slots)
        status = grow_slots(d);
    if (status == FP_OK)
        status = grow_bytes(d, size);
    if (status != FP_OK)
        return status;
    if (size)
        memcpy(d->bytes + d->size, text, size);
    d->size += size;
    fp_entry *entry = &d->entries[d->n_values];
    memcpy(entry->words, words, sizeof entry->words);
    entry->size = size;
    d->offsets[++d->n_values] = (int32_t)d->size;
    place_slot(d->slots, d->n_slots, (fp_slot){hash, d->n_values});
    return d->n_values - 1;
}

static bool is_value(const fp_dictionary *d, uint32_t code, const uint64_t words[4],
                     const uint8_t *text, uint32_t size) {
    const fp_entry *entry = &d->entries[code];
    return entry->size == size && memcmp(entry->words, words, sizeof entry->words) == 0 &&
           (size <= FP_KEY_BYTES || memcmp(d->bytes + d->offsets[code], text, size) == 0);
}

int64_t fp_dictionary_encode(fp_dictionary *d, const uint64_t words[4], uint32_t hash,
                             const uint8_t *text, uint32_t size) {
    if (size > FP_KEY_BYTES)
        hash = hash_rest(hash, text, size, d->secret);
    for (uint32_t i = hash; d->n_slots; i++) {
        fp_slot slot = d->slots[i & (d->n_slots - 1)];
        if (!slot.code_plus_1)
            break;
        if (slot.hash == hash && is_value(d, slot.code_plus_1 - 1, words, text, size))
            return slot.code_plus_1 - 1;
    }
    return add_value(d, words, text, size, hash);
}

int64_t fp_dictionary_encode_text(fp_dictionary *d, const uint8_t *text, uint32_t size) {
    uint8_t begin[FP_KEY_BYTES] = {0};
    uint64_t words[4];
    if (size)
        memcpy(begin, text, size < FP_KEY_BYTES ? size : FP_KEY_BYTES);
    for (int i = 0; i < 4; i++)
        words[i] = fp_load8(begin + 8 * i);
    return fp_dictionary_encode(d, words, fp_hash_words(words, size, d->secret), text, size);
}

void fp_dictionary_clear(fp_dictionary *d) {
    if (d->n_values)
        memset(d->slots, 0, d->n_slots * sizeof *d->slots);
    d->n_values = 0;
    d->size = 0;
    forget_seen(d);
}

void fp_dictionary_free(fp_dictionary *d) {
    free(d->slots);
    free(d->entries);
    free(d->bytes);
    free(d->offsets);
    *d = (fp_dictionary){0};
}
