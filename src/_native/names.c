/* A header is rare, so this is written for clearness; a line that cannot be one is out at its
 * first byte that no name has. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_KNOWN_MIN = 3 };

struct fp_names {
    uint32_t n_slots; /* a power of two */
    fp_text *slots;   /* bytes NULL: empty */
    uint8_t *bytes;
};

/* A name as AWS writes it: `_` counts as `-`. */
static uint8_t as_written(uint8_t byte) {
    return byte == '_' ? '-' : byte;
}

static uint32_t hash_name(const uint8_t *name, uint32_t size) {
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < size; i++)
        hash = (hash ^ as_written(name[i])) * 16777619u;
    return hash ^ hash >> 15;
}

static bool equals_name(const uint8_t *name, uint32_t size, const uint8_t *other,
                        uint32_t other_size) {
    if (size != other_size)
        return false;
    for (uint32_t i = 0; i < size; i++)
        if (as_written(name[i]) != as_written(other[i]))
            return false;
    return true;
}

static fp_text *find_slot(const fp_names *names, const uint8_t *name, uint32_t size) {
    uint32_t at = hash_name(name, size) & (names->n_slots - 1);
    while (names->slots[at].bytes &&
           !equals_name(name, size, names->slots[at].bytes, names->slots[at].size))
        at = (at + 1) & (names->n_slots - 1);
    return &names->slots[at];
}

fp_names *fp_names_new(const fp_text *list, uint32_t n) {
    fp_names *names = calloc(1, sizeof *names);
    size_t size = 1;
    uint32_t n_slots = 16;
    for (uint32_t i = 0; i < n; i++)
        size += list[i].size;
    while (n_slots < 2 * n)
        n_slots *= 2;
    if (!names)
        return NULL;
    names->n_slots = n_slots;
    names->slots = calloc(n_slots, sizeof *names->slots);
    names->bytes = malloc(size);
    if (!names->slots || !names->bytes) {
        fp_names_free(names);
        return NULL;
    }
    uint8_t *end = names->bytes;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(end, list[i].bytes, list[i].size);
        *find_slot(names, end, list[i].size) = (fp_text){end, list[i].size};
        end += list[i].size;
    }
    return names;
}

void fp_names_free(fp_names *names) {
    if (!names)
        return;
    free(names->slots);
    free(names->bytes);
    free(names);
}

static bool is_name_byte(uint8_t byte) {
    return fp_is_name_start(byte) || (uint8_t)(byte - '0') < 10 || byte == '-' || byte == '_';
}

static bool is_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t';
}

/* The next token from *at on; false: no more, or one that is no name (then *at < size). */
static bool next_name(const uint8_t *text, uint32_t size, uint32_t *at, fp_text *name) {
    while (*at < size && is_blank(text[*at]))
        ++*at;
    uint32_t begin = *at;
    if (begin == size || !fp_is_name_start(text[begin]))
        return false;
    while (*at < size && is_name_byte(text[*at]))
        ++*at;
    if (*at < size && !is_blank(text[*at]))
        return false;
    *name = (fp_text){text + begin, *at - begin};
    return true;
}

bool fp_repeats_fields(const fp_layout *layout, const uint8_t *text, uint32_t size) {
    uint32_t at = 0, n = 0;
    fp_text name;
    while (next_name(text, size, &at, &name)) {
        if (n == layout->n_fields ||
            !equals_name(name.bytes, name.size, (const uint8_t *)layout->fields[n].name,
                         layout->fields[n].name_bytes))
            return false;
        n++;
    }
    return at == size && n == layout->n_fields;
}

bool fp_is_header(const fp_names *known, const fp_layout *layout, const uint8_t *text,
                  uint32_t size) {
    uint32_t at = 0, n_known = 0;
    fp_text name;
    while (next_name(text, size, &at, &name))
        n_known += find_slot(known, name.bytes, name.size)->bytes != NULL;
    if (at < size)
        return false;
    return n_known >= HEADER_KNOWN_MIN || fp_repeats_fields(layout, text, size);
}
