#include "distinct.h"

#include "dictionary.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 256, DIRECT_SLOTS = 1 << 17, FEW_SLOTS = 1 << 12 };
enum { SPARSE = 4 }; /* slots a number, at least */

static fp_status make_room(fp_numbers *numbers, uint32_t n_slots, uint32_t capacity) {
    uint32_t *slots = calloc(n_slots, sizeof *slots);
    int64_t *values = realloc(numbers->values, capacity * sizeof *values);
    if (values)
        numbers->values = values;
    if (!slots || !values) {
        free(slots);
        return FP_ERR_MEMORY;
    }
    free(numbers->slots);
    numbers->slots = slots;
    numbers->n_slots = n_slots;
    numbers->capacity = capacity;
    return FP_OK;
}

fp_status fp_numbers_begin(fp_numbers *numbers, uint64_t seed, int64_t least, int64_t greatest,
                           uint64_t n) {
    *numbers = (fp_numbers){.least = least};
    for (int i = 0; i < 2; i++) {
        seed += 0x9e3779b97f4a7c15u;
        numbers->secret[i] = fp_fold(seed ^ 0xd6e8feb86659fd93u, seed);
    }
    uint64_t range = (uint64_t)greatest - (uint64_t)least;
    numbers->direct = range < FEW_SLOTS || (range < DIRECT_SLOTS && range < n);
    if (numbers->direct)
        return make_room(numbers, (uint32_t)range + 1, (uint32_t)range + 1);
    return make_room(numbers, FIRST_SLOTS, FIRST_SLOTS / SPARSE);
}

static uint32_t hash_number(const fp_numbers *numbers, int64_t value) {
    return (uint32_t)fp_fold((uint64_t)value ^ numbers->secret[0], numbers->secret[1]);
}

/* The slot that a value has, or would take. */
FP_INLINE uint32_t *find_slot(const fp_numbers *numbers, int64_t value) {
    uint32_t mask = numbers->n_slots - 1;
    uint32_t at = hash_number(numbers, value) & mask;
    while (numbers->slots[at] && numbers->values[numbers->slots[at] - 1] != value)
        at = (at + 1) & mask;
    return &numbers->slots[at];
}

static fp_status grow(fp_numbers *numbers) {
    if (numbers->n_slots > UINT32_MAX / 4)
        return FP_ERR_SIZE;
    uint32_t n_slots = numbers->n_slots * 2;
    fp_status status = make_room(numbers, n_slots, n_slots / SPARSE);
    for (uint32_t code = 0; code < numbers->n_values && status == FP_OK; code++)
        *find_slot(numbers, numbers->values[code]) = code + 1;
    return status;
}

FP_INLINE int64_t load(const void *values, size_t i, const int width) {
    return width == 4 ? ((const int32_t *)values)[i] : ((const int64_t *)values)[i];
}

FP_INLINE void encode_direct(fp_numbers *numbers, const void *values, size_t n, uint32_t *codes,
                             const int width) {
    uint32_t *slots = numbers->slots;
    uint64_t least = (uint64_t)numbers->least;
    for (size_t i = 0; i < n; i++) {
        int64_t value = load(values, i, width);
        uint32_t *slot = &slots[(uint64_t)value - least];
        if (FP_UNLIKELY(!*slot)) {
            numbers->values[numbers->n_values] = value;
            *slot = ++numbers->n_values;
        }
        codes[i] = *slot - 1;
    }
}

FP_INLINE fp_status encode_hashed(fp_numbers *numbers, const void *values, size_t n,
                                  uint32_t *codes, const int width) {
    for (size_t i = 0; i < n; i++) {
        int64_t value = load(values, i, width);
        uint32_t *slot = find_slot(numbers, value);
        if (FP_UNLIKELY(!*slot)) {
            if (numbers->n_values == numbers->capacity) {
                fp_status status = grow(numbers);
                if (status != FP_OK)
                    return status;
                slot = find_slot(numbers, value);
            }
            numbers->values[numbers->n_values] = value;
            *slot = ++numbers->n_values;
        }
        codes[i] = *slot - 1;
    }
    return FP_OK;
}

fp_status fp_numbers_encode32(fp_numbers *numbers, const int32_t *values, size_t n,
                              uint32_t *codes) {
    if (!numbers->direct)
        return encode_hashed(numbers, values, n, codes, 4);
    encode_direct(numbers, values, n, codes, 4);
    return FP_OK;
}

fp_status fp_numbers_encode64(fp_numbers *numbers, const int64_t *values, size_t n,
                              uint32_t *codes) {
    if (!numbers->direct)
        return encode_hashed(numbers, values, n, codes, 8);
    encode_direct(numbers, values, n, codes, 8);
    return FP_OK;
}

void fp_numbers_free(fp_numbers *numbers) {
    free(numbers->slots);
    free(numbers->values);
    *numbers = (fp_numbers){0};
}
