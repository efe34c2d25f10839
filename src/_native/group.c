/* The table: open addressing over records that lie in order of first appearance. The rows of a tile
 * are hashed together, so that the slots and records they lead to are in the cache when they are
 * looked at. */
#include "group_table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

static void lay_keys(fp_groups *groups, const fp_key_asked *asked) {
    uint32_t lane = (groups->n_keys + 15) / 16;
    for (uint32_t i = 0; i < groups->n_keys; i++) {
        fp_key *key = &groups->keys[i];
        key->kind = (fp_key_kind)asked[i].kind;
        key->every = asked[i].every;
        key->mark_lane = i / 16;
        key->mark_shift = 2 * (i % 16);
        key->lane = lane;
        lane += key->kind == FP_KEY_INT64 ? 2 : 1;
        fp_texts_begin(&key->texts, groups->secret[i % 2] + i);
    }
    groups->n_words = (lane + 1) / 2;
    groups->record_words = groups->n_words + groups->n_measures + 1;
}

fp_groups *fp_groups_new(const fp_key_asked *keys, uint32_t n_keys,
                         const fp_measure_asked *measures, uint32_t n_measures, uint64_t seed) {
    fp_groups *groups = calloc(1, sizeof *groups);
    if (!groups)
        return NULL;
    groups->n_keys = n_keys;
    groups->n_measures = n_measures;
    for (int i = 0; i < 2; i++) {
        seed += 0x9e3779b97f4a7c15u;
        groups->secret[i] = fp_fold(seed ^ 0xd6e8feb86659fd93u, seed);
    }
    groups->keys = calloc(n_keys + 1, sizeof *groups->keys);
    groups->measures = calloc(n_measures + 1, sizeof *groups->measures);
    if (groups->keys) {
        lay_keys(groups, keys);
        groups->words = calloc((size_t)FP_TILE_ROWS * groups->n_words + 1, sizeof(uint64_t));
    }
    if (!groups->keys || !groups->measures || !groups->words) {
        fp_groups_free(groups);
        return NULL;
    }
    if (n_measures)
        memcpy(groups->measures, measures, n_measures * sizeof *measures);
    return groups;
}

void fp_groups_free(fp_groups *groups) {
    if (!groups)
        return;
    for (uint32_t i = 0; groups->keys && i < groups->n_keys; i++) {
        fp_texts_free(&groups->keys[i].texts);
        free(groups->keys[i].numbers);
    }
    free(groups->keys);
    free(groups->measures);
    fp_deallocate((uint8_t *)groups->slots, groups->slots_owner);
    free(groups->records);
    free(groups->wides);
    free(groups->words);
    free(groups);
}

uint32_t fp_groups_count(const fp_groups *groups) {
    return groups->n_groups;
}

size_t fp_groups_bytes(const fp_groups *groups) {
    size_t size = groups->n_slots * sizeof *groups->slots +
                  (size_t)groups->capacity * groups->record_words * sizeof *groups->records +
                  groups->wide_capacity * sizeof *groups->wides;
    for (uint32_t i = 0; i < groups->n_keys; i++) {
        const fp_key *key = &groups->keys[i];
        size += key->texts.n_marks * (sizeof *key->texts.marks + sizeof *key->texts.values / 2) +
                key->texts.plain.capacity + key->n_numbers * sizeof *key->numbers;
    }
    return size;
}

/* --- the table --- */

FP_INLINE uint32_t hash_words(const uint64_t *words, uint32_t n, const uint64_t secret[2]) {
    uint64_t hash = 0;
    for (uint32_t i = 0; i < n; i += 2) {
        uint64_t second = i + 1 < n ? words[i + 1] : 0;
        hash = fp_fold(words[i] ^ secret[0] ^ hash, second ^ secret[1]);
    }
    return (uint32_t)(hash ^ hash >> 32);
}

FP_INLINE bool same_words(const uint64_t *a, const uint64_t *b, uint32_t n) {
    uint64_t differs = 0;
    for (uint32_t i = 0; i < n; i++)
        differs |= a[i] ^ b[i];
    return differs == 0;
}

static void place_slot(fp_group_slot *slots, uint32_t n_slots, fp_group_slot slot) {
    uint32_t at = slot.hash & (n_slots - 1);
    while (slots[at].id_plus_1)
        at = (at + 1) & (n_slots - 1);
    slots[at] = slot;
}

static fp_status grow_slots(fp_groups *groups, uint32_t n_groups) {
    uint32_t n_slots = groups->n_slots ? groups->n_slots : FIRST_SLOTS;
    while (n_slots / 2 < n_groups) {
        if (n_slots > UINT32_MAX / 2)
            return FP_ERR_SIZE;
        n_slots *= 2;
    }
    if (n_slots == groups->n_slots)
        return FP_OK;
    fp_chunk *owner;
    uint8_t *memory = fp_allocate_zeros(n_slots * sizeof(fp_group_slot), &owner);
    fp_group_slot *slots = (fp_group_slot *)(void *)memory;
    if (!slots)
        return FP_ERR_MEMORY;
    for (uint32_t i = 0; i < groups->n_slots; i++)
        if (groups->slots[i].id_plus_1)
            place_slot(slots, n_slots, groups->slots[i]);
    fp_deallocate((uint8_t *)groups->slots, groups->slots_owner);
    groups->slots = slots;
    groups->slots_owner = owner;
    groups->n_slots = n_slots;
    return FP_OK;
}

/* Room for every row of a tile to be a new group, so that nothing moves while a tile is dealt
 * with. */
static fp_status make_room(fp_groups *groups, uint32_t more) {
    if (groups->n_groups > UINT32_MAX / 4)
        return FP_ERR_SIZE;
    uint32_t least = groups->n_groups + more;
    if (least > groups->capacity) {
        uint32_t capacity = groups->capacity ? groups->capacity : FIRST_SLOTS;
        while (capacity < least)
            capacity += capacity / 2;
        size_t width = groups->record_words * sizeof *groups->records;
        uint64_t *records = realloc(groups->records, capacity * width);
        if (!records)
            return FP_ERR_MEMORY;
        groups->records = records;
        groups->capacity = capacity;
    }
    return grow_slots(groups, least);
}

FP_APART uint32_t add_group(fp_groups *groups, const uint64_t *words, uint32_t hash, uint32_t at) {
    uint64_t *record = fp_record(groups, groups->n_groups);
    memcpy(record, words, groups->n_words * sizeof *words);
    for (uint32_t m = 0; m < groups->n_measures; m++)
        record[groups->n_words + m] = fp_measure_begin(&groups->measures[m]);
    *fp_flags(groups, record) = 0;
    groups->slots[at] = (fp_group_slot){hash, ++groups->n_groups};
    return groups->n_groups - 1;
}

FP_INLINE uint32_t find_group(fp_groups *groups, const uint64_t *words, uint32_t n_words,
                              uint32_t hash) {
    uint32_t mask = groups->n_slots - 1;
    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        fp_group_slot slot = groups->slots[at];
        if (!slot.id_plus_1)
            return add_group(groups, words, hash, at);
        if (slot.hash == hash && same_words(fp_record(groups, slot.id_plus_1 - 1), words, n_words))
            return slot.id_plus_1 - 1;
    }
}

FP_INLINE void find_some(fp_groups *groups, uint32_t n_words, fp_tile *tile) {
    uint32_t hashes[FP_TILE_ROWS], mask = groups->n_slots - 1;
    const uint64_t *words = groups->words;
    for (uint32_t i = 0; i < tile->n; i++) {
        hashes[i] = hash_words(words + (size_t)i * n_words, n_words, groups->secret);
        FP_PREFETCH(&groups->slots[hashes[i] & mask]);
    }
    for (uint32_t i = 0; i < tile->n; i++) {
        fp_group_slot slot = groups->slots[hashes[i] & mask];
        if (slot.id_plus_1) { /* and the line in which it ends */
            const uint64_t *record = fp_record(groups, slot.id_plus_1 - 1);
            FP_PREFETCH(record);
            FP_PREFETCH(record + groups->record_words - 1);
        }
    }
    for (uint32_t i = 0; i < tile->n; i++)
        tile->ids[i] = find_group(groups, words + (size_t)i * n_words, n_words, hashes[i]);
}

/* The groups of the tile's words. */
static fp_status find_tile(fp_groups *groups, fp_tile *tile) {
    fp_status status = make_room(groups, tile->n);
    if (status != FP_OK)
        return status;
    switch (groups->n_words) {
    case 1:
        find_some(groups, 1, tile);
        break;
    case 2:
        find_some(groups, 2, tile);
        break;
    case 3:
        find_some(groups, 3, tile);
        break;
    default:
        find_some(groups, groups->n_words, tile);
    }
    return FP_OK;
}

/* --- rows --- */

static fp_status check_arrays(fp_groups *groups, const struct ArrowArray *const *keys,
                              const struct ArrowArray *const *measures,
                              const struct ArrowArray *where, int64_t n) {
    if (where && (!fp_is_fixed_width(where) || where->length != n))
        return FP_ERR_STATE;
    for (uint32_t m = 0; m < groups->n_measures; m++)
        if (groups->measures[m].how != FP_COUNT &&
            !fp_measure_check(&groups->measures[m], measures[m], n))
            return FP_ERR_STATE;
    for (uint32_t k = 0; k < groups->n_keys; k++) {
        fp_status status = fp_key_check(&groups->keys[k], keys[k], n);
        if (status != FP_OK)
            return status;
    }
    return FP_OK;
}

/* The next rows that are wanted; *at: the first that was not looked at. */
static void choose_rows(fp_tile *tile, const struct ArrowArray *where, int64_t *at, int64_t n) {
    tile->n = 0;
    if (!where) {
        for (; *at < n && tile->n < FP_TILE_ROWS; (*at)++)
            tile->rows[tile->n++] = *at;
        return;
    }
    const uint8_t *bits = where->buffers[1], *validity = fp_validity(where);
    for (; *at < n && tile->n < FP_TILE_ROWS; (*at)++) {
        int64_t bit = *at + where->offset;
        bool wanted = fp_bit(bits, bit) && (!validity || fp_bit(validity, bit));
        tile->rows[tile->n] = *at;
        tile->n += wanted;
    }
}

static fp_status add_tile(fp_groups *groups, const struct ArrowArray *const *keys,
                          const struct ArrowArray *const *measures, fp_tile *tile) {
    memset(groups->words, 0, (size_t)tile->n * groups->n_words * sizeof *groups->words);
    fp_status status = FP_OK;
    for (uint32_t k = 0; k < groups->n_keys && status == FP_OK; k++)
        status = fp_key_encode(&groups->keys[k], keys[k], tile, groups->words, groups->n_words);
    if (status == FP_OK)
        status = find_tile(groups, tile);
    for (uint32_t m = 0; m < groups->n_measures && status == FP_OK; m++)
        status = fp_measure_add(groups, m, measures[m], tile);
    return status;
}

fp_status fp_groups_add(fp_groups *groups, const struct ArrowArray *const *keys,
                        const struct ArrowArray *const *measures, const struct ArrowArray *where,
                        int64_t n, uint32_t *numbers) {
    fp_status status = check_arrays(groups, keys, measures, where, n);
    for (uint32_t k = 0; k < groups->n_keys && status == FP_OK; k++)
        status = fp_key_begin(&groups->keys[k], keys[k]);
    fp_tile tile;
    for (int64_t at = 0; at < n && status == FP_OK;) {
        choose_rows(&tile, where, &at, n);
        status = add_tile(groups, keys, measures, &tile);
        if (numbers && status == FP_OK)
            for (uint32_t i = 0; i < tile.n; i++)
                numbers[tile.rows[i]] = tile.ids[i];
    }
    return status;
}

/* --- another's groups --- */

/* Text has another number there. */
static void translate_words(const fp_groups *groups, uint64_t *words) {
    for (uint32_t k = 0; k < groups->n_keys; k++) {
        const fp_key *key = &groups->keys[k];
        uint32_t mark = fp_mark_of(key, words);
        if (mark == FP_MARK_OTHER || (key->kind == FP_KEY_CODES && mark != FP_MARK_NULL)) {
            uint32_t number = key->numbers[fp_lane(words, key->lane)] - 1;
            words[key->lane / 2] &= ~((uint64_t)UINT32_MAX << 32 * (key->lane % 2));
            fp_set_lane(words, key->lane, number);
        }
    }
}

fp_status fp_groups_absorb(fp_groups *groups, const fp_groups *other) {
    fp_status status = FP_OK;
    for (uint32_t k = 0; k < groups->n_keys && status == FP_OK; k++)
        status = fp_key_adopt(&groups->keys[k], &other->keys[k]);
    fp_tile tile;
    for (uint32_t first = 0; first < other->n_groups && status == FP_OK; first += tile.n) {
        uint32_t left = other->n_groups - first;
        tile.n = left < FP_TILE_ROWS ? left : FP_TILE_ROWS;
        for (uint32_t i = 0; i < tile.n; i++) {
            uint64_t *words = groups->words + (size_t)i * groups->n_words;
            memcpy(words, fp_record(other, first + i), groups->n_words * sizeof *words);
            translate_words(groups, words);
        }
        status = find_tile(groups, &tile);
        if (status == FP_OK)
            status = fp_measure_absorb(groups, other, first, &tile);
    }
    return status;
}

/* --- parts --- */

/* Numbers of text differ from table to table: its ends stand for it. */
static uint64_t hash_text(const fp_groups *groups, const fp_key *key, const uint64_t *words) {
    const fp_ends *ends = &key->texts.values[fp_lane(words, key->lane)];
    return fp_fold(ends->first ^ groups->secret[0], ends->last ^ ends->size ^ groups->secret[1]);
}

void fp_groups_part(const fp_groups *groups, uint32_t n_parts, uint32_t turn, uint8_t *parts) {
    for (uint32_t id = 0; id < groups->n_groups; id++) {
        const uint64_t *words = fp_record(groups, id);
        uint64_t hash = turn;
        for (uint32_t k = 0; k < groups->n_keys; k++) {
            const fp_key *key = &groups->keys[k];
            uint32_t mark = fp_mark_of(key, words);
            uint64_t value = mark == FP_MARK_NULL ? 0 : (uint64_t)fp_number_of(key, words);
            if (mark == FP_MARK_OTHER || (key->kind == FP_KEY_CODES && mark != FP_MARK_NULL))
                value = hash_text(groups, key, words);
            hash = fp_fold(hash ^ value ^ groups->secret[0], groups->secret[1] + mark);
        }
        parts[id] = (uint8_t)((hash >> 32) * n_parts >> 32);
    }
}
