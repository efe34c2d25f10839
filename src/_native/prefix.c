#include "prefix.h"

#include <stdlib.h>

/* --- networks --- */

typedef struct network {
    uint64_t low[2], high[2];
    uint32_t n_bits, length;
    int32_t row;
} network;

static int compare(const uint64_t a[2], const uint64_t b[2]) {
    if (a[0] != b[0])
        return a[0] < b[0] ? -1 : 1;
    return a[1] < b[1] ? -1 : a[1] > b[1];
}

/* IPv4 first, then by address, the wider before those in it, and in the order of rows. */
static int compare_networks(const void *left, const void *right) {
    const network *a = left, *b = right;
    if (a->n_bits != b->n_bits)
        return a->n_bits < b->n_bits ? -1 : 1;
    int order = compare(a->low, b->low);
    if (order)
        return order;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->row < b->row ? -1 : 1;
}

/* One to three digits of a number up to most. */
static bool read_length(const uint8_t *at, uint32_t size, uint32_t most, uint32_t *length) {
    if (size < 1 || size > 3)
        return false;
    *length = 0;
    for (uint32_t i = 0; i < size; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        *length = *length * 10 + at[i] - '0';
    }
    return *length <= most;
}

static bool read_network(fp_text text, network *out) {
    const uint8_t *slash = text.size ? memchr(text.bytes, '/', text.size) : NULL;
    uint32_t size = slash ? (uint32_t)(slash - text.bytes) : text.size;
    fp_address address = fp_read_address(text.bytes, size);
    out->n_bits = out->length = address.n_bits;
    if (!address.n_bits)
        return false;
    if (slash && !read_length(slash + 1, text.size - size - 1, out->n_bits, &out->length))
        return false;
    fp_mask_address(&address, out->length);
    memcpy(out->low, address.bits, sizeof out->low);
    memcpy(out->high, address.bits, sizeof out->high);
    uint32_t host = out->n_bits - out->length;
    if (host >= 64) {
        out->high[1] = UINT64_MAX;
        out->high[0] |= host == 128 ? UINT64_MAX : ((uint64_t)1 << (host - 64)) - 1;
    } else {
        out->high[1] |= ((uint64_t)1 << host) - 1;
    }
    return true;
}

/* --- ranges --- */

enum { NONE = -1 };

/* A range begins where the one before it ends. The first begins at address 0. */
typedef struct range {
    uint64_t low[2];
    int32_t row;
} range;

typedef struct cutter {
    range *ranges;
    size_t n;
} cutter;

static void begin_range(cutter *c, const uint64_t low[2], int32_t row) {
    if (c->n && compare(c->ranges[c->n - 1].low, low) == 0)
        c->n--;
    if (c->n && c->ranges[c->n - 1].row == row)
        return;
    memcpy(c->ranges[c->n].low, low, sizeof c->ranges[c->n].low);
    c->ranges[c->n++].row = row;
}

/* The ranges of sorted networks of one family. open: as many indexes as a family has prefix
 * lengths, doubles counted: n of them. */
static void cut_ranges(cutter *c, const network *networks, size_t n, size_t *open) {
    static const uint64_t zero[2];
    size_t n_open = 0;
    begin_range(c, zero, NONE);
    for (size_t i = 0; i <= n; i++) {
        while (n_open &&
               (i == n || compare(networks[open[n_open - 1]].high, networks[i].low) < 0)) {
            const network *closed = &networks[open[--n_open]];
            uint64_t next[2] = {closed->high[0] + (closed->high[1] == UINT64_MAX),
                                closed->high[1] + 1};
            bool is_last = closed->n_bits == 32 ? next[1] >> 32 : !(next[0] | next[1]);
            if (!is_last)
                begin_range(c, next, n_open ? networks[open[n_open - 1]].row : NONE);
        }
        if (i < n) {
            begin_range(c, networks[i].low, networks[i].row);
            open[n_open++] = i;
        }
    }
}

/* --- the table --- */

enum { MOST_INDEX_BITS = 16 };

struct fp_prefixes {
    uint32_t *low4; /* n4 of them, of ranges */
    int32_t *row4;
    uint32_t *first4; /* by an address's first bits: its least range that they leave open */
    uint32_t shift4;
    uint32_t n4;
    uint64_t *high6, *low6; /* n6 each: halves of the ranges' least addresses */
    int32_t *row6;
    uint32_t n6;
};

static void *allocate(size_t n, size_t size) {
    return n < SIZE_MAX / size ? malloc(n * size + !n) : NULL;
}

static fp_status take_ipv4(fp_prefixes *out, const cutter *c) {
    uint32_t n = out->n4 = (uint32_t)c->n, index_bits = 1;
    while (index_bits < MOST_INDEX_BITS && (uint32_t)1 << index_bits >> 2 < n)
        index_bits++;
    uint32_t n_index = (uint32_t)1 << index_bits;
    out->shift4 = 32 - index_bits;
    out->low4 = allocate(n, sizeof *out->low4);
    out->row4 = allocate(n, sizeof *out->row4);
    out->first4 = allocate(n_index + 1, sizeof *out->first4);
    if (!out->low4 || !out->row4 || !out->first4)
        return FP_ERR_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        out->low4[i] = (uint32_t)c->ranges[i].low[1];
        out->row4[i] = c->ranges[i].row;
    }
    for (uint32_t i = 0, at = 0; i < n_index; i++) {
        while (at + 1 < n && out->low4[at + 1] <= i << out->shift4)
            at++;
        out->first4[i] = at;
    }
    out->first4[n_index] = n - 1;
    return FP_OK;
}

static fp_status take_ipv6(fp_prefixes *out, const cutter *c) {
    uint32_t n = out->n6 = (uint32_t)c->n;
    out->high6 = allocate(n, sizeof *out->high6);
    out->low6 = allocate(n, sizeof *out->low6);
    out->row6 = allocate(n, sizeof *out->row6);
    if (!out->high6 || !out->low6 || !out->row6)
        return FP_ERR_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        out->high6[i] = c->ranges[i].low[0];
        out->low6[i] = c->ranges[i].low[1];
        out->row6[i] = c->ranges[i].row;
    }
    return FP_OK;
}

static fp_status fill(fp_prefixes *out, network *networks, size_t n) {
    qsort(networks, n, sizeof *networks, compare_networks);
    size_t n4 = 0;
    while (n4 < n && networks[n4].n_bits == 32)
        n4++;
    cutter c = {allocate(2 * n + 1, sizeof *c.ranges), 0};
    size_t *open = allocate(n, sizeof *open);
    fp_status status = c.ranges && open ? FP_OK : FP_ERR_MEMORY;
    if (status == FP_OK) {
        cut_ranges(&c, networks, n4, open);
        status = take_ipv4(out, &c);
    }
    if (status == FP_OK) {
        c.n = 0;
        cut_ranges(&c, networks + n4, n - n4, open);
        status = take_ipv6(out, &c);
    }
    free(c.ranges);
    free(open);
    return status;
}

fp_status fp_prefixes_new(const struct ArrowArray *texts, int64_t *bad, fp_prefixes **out) {
    *bad = -1;
    *out = NULL;
    if (!fp_is_text(texts))
        return FP_ERR_STATE;
    if (texts->length > INT32_MAX / 2 - 1)
        return FP_ERR_SIZE;
    fp_text_rows rows = fp_rows_of_text(texts);
    network *networks = allocate((size_t)rows.count, sizeof *networks);
    if (!networks)
        return FP_ERR_MEMORY;
    fp_text text;
    for (int64_t row = 0; row < rows.count && *bad < 0; row++) {
        networks[row].row = (int32_t)row;
        if (!fp_text_at(&rows, row, &text) || !read_network(text, &networks[row]))
            *bad = row;
    }
    fp_status status = FP_OK;
    if (*bad < 0) {
        fp_prefixes *made = calloc(1, sizeof *made);
        status = made ? fill(made, networks, (size_t)rows.count) : FP_ERR_MEMORY;
        if (status == FP_OK)
            *out = made;
        else
            fp_prefixes_free(made);
    }
    free(networks);
    return status;
}

void fp_prefixes_free(fp_prefixes *prefixes) {
    if (!prefixes)
        return;
    free(prefixes->low4);
    free(prefixes->row4);
    free(prefixes->first4);
    free(prefixes->high6);
    free(prefixes->low6);
    free(prefixes->row6);
    free(prefixes);
}

/* --- lookups --- */

static int32_t find4(const fp_prefixes *p, uint32_t address) {
    uint32_t first = address >> p->shift4, at = p->first4[first], last = p->first4[first + 1];
    while (at < last) {
        uint32_t middle = at + (last - at + 1) / 2;
        if (p->low4[middle] <= address)
            at = middle;
        else
            last = middle - 1;
    }
    return p->row4[at];
}

static int32_t find6(const fp_prefixes *p, const uint64_t address[2]) {
    uint32_t at = 0, last = p->n6 - 1;
    while (at < last) {
        uint32_t middle = at + (last - at + 1) / 2;
        uint64_t high = p->high6[middle];
        if (high < address[0] || (high == address[0] && p->low6[middle] <= address[1]))
            at = middle;
        else
            last = middle - 1;
    }
    return p->row6[at];
}

static int32_t find(const fp_prefixes *prefixes, fp_text text) {
    fp_address address = fp_read_address(text.bytes, text.size);
    if (address.n_bits == 32)
        return find4(prefixes, (uint32_t)address.bits[1]);
    return address.n_bits ? find6(prefixes, address.bits) : NONE;
}

fp_status fp_prefixes_find(const fp_prefixes *prefixes, const struct ArrowArray *addresses,
                           int32_t *rows, uint8_t *validity, int64_t *nulls) {
    if (!fp_is_text(addresses))
        return FP_ERR_STATE;
    fp_text_rows texts = fp_rows_of_text(addresses);
    fp_text text;
    *nulls = 0;
    for (int64_t row = 0; row < texts.count; row++) {
        int32_t found = fp_text_at(&texts, row, &text) ? find(prefixes, text) : NONE;
        rows[row] = found == NONE ? 0 : found;
        if (found == NONE)
            ++*nulls;
        else
            fp_set_bit(validity, row);
    }
    return FP_OK;
}

fp_status fp_prefixes_contain(const fp_prefixes *prefixes, const struct ArrowArray *addresses,
                              uint8_t *bits, uint8_t *validity, int64_t *nulls) {
    if (!fp_is_text(addresses))
        return FP_ERR_STATE;
    fp_text_rows texts = fp_rows_of_text(addresses);
    fp_text text;
    *nulls = 0;
    for (int64_t row = 0; row < texts.count; row++) {
        if (!fp_text_at(&texts, row, &text)) {
            ++*nulls;
            continue;
        }
        fp_set_bit(validity, row);
        if (find(prefixes, text) != NONE)
            fp_set_bit(bits, row);
    }
    return FP_OK;
}
