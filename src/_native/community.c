#include "community.h"

#include "sha1.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ICMPV6 = 58, SCTP = 132 };
enum { HEAD_BYTES = 2, TAIL_BYTES = 6, MESSAGE_BYTES = HEAD_BYTES + 16 + 16 + TAIL_BYTES };

/* --- a flow --- */

typedef struct flow {
    fp_address source, destination;
    uint32_t source_port, destination_port; /* of ICMP: type and code */
    uint32_t protocol;
    bool ported;
} flow;

static bool has_ports(int64_t protocol) {
    return protocol == TCP || protocol == UDP || protocol == ICMP || protocol == ICMPV6 ||
           protocol == SCTP;
}

/* The type of message that answers this one; -1: none does. */
static int32_t find_answer(uint32_t protocol, uint32_t type) {
    static const uint8_t icmp[][2] = {{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}};
    static const uint8_t icmpv6[][2] = {{128, 129}, {130, 131}, {133, 134},
                                        {135, 136}, {139, 140}, {144, 145}};
    const uint8_t (*pairs)[2] = protocol == ICMP ? icmp : icmpv6;
    int n = protocol == ICMP ? 5 : 6;
    for (int i = 0; i < n; i++)
        for (int side = 0; side < 2; side++)
            if (pairs[i][side] == type)
                return pairs[i][1 - side];
    return -1;
}

static int compare_addresses(const fp_address *a, const fp_address *b) {
    if (a->bits[0] != b->bits[0])
        return a->bits[0] < b->bits[0] ? -1 : 1;
    return a->bits[1] < b->bits[1] ? -1 : a->bits[1] > b->bits[1];
}

/* Both directions of a flow are the same one: its lesser end comes first. A message of ICMP that
 * nothing answers has one direction only. */
static void put_in_order(flow *f) {
    if (f->protocol == ICMP || f->protocol == ICMPV6) {
        int32_t answer = find_answer(f->protocol, f->source_port);
        if (answer < 0)
            return;
        f->destination_port = (uint32_t)answer;
    }
    int order = compare_addresses(&f->source, &f->destination);
    if (order > 0 || (order == 0 && f->source_port > f->destination_port)) {
        fp_address source = f->source;
        uint32_t port = f->source_port;
        f->source = f->destination;
        f->source_port = f->destination_port;
        f->destination = source;
        f->destination_port = port;
    }
}

/* --- its ID --- */

static uint8_t *put_port(uint8_t *at, uint32_t port) {
    *at++ = (uint8_t)(port >> 8);
    *at++ = (uint8_t)port;
    return at;
}

/* The 20 bytes of a digest: six threes and two more. */
static void put_base64(uint8_t *out, const uint8_t digest[FP_SHA1_BYTES]) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 7; i++) {
        uint32_t last = i < 6 ? digest[3 * i + 2] : 0;
        uint32_t bits = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | last;
        for (int shift = 18; shift >= 0; shift -= 6)
            *out++ = (uint8_t)letters[bits >> shift & 63];
    }
    out[-1] = '=';
}

static void put_id(uint8_t *out, const flow *f, uint16_t seed) {
    uint8_t message[MESSAGE_BYTES], digest[FP_SHA1_BYTES], *at = put_port(message, seed);
    at += fp_put_address_bytes(at, &f->source);
    at += fp_put_address_bytes(at, &f->destination);
    *at++ = (uint8_t)f->protocol;
    *at++ = 0;
    if (f->ported)
        at = put_port(put_port(at, f->source_port), f->destination_port);
    fp_sha1(message, (size_t)(at - message), digest);
    out[0] = '1';
    out[1] = ':';
    put_base64(out + 2, digest);
}

/* --- columns --- */

typedef struct numbers {
    const uint8_t *validity;
    const int64_t *values;
    int64_t offset;
} numbers;

static numbers numbers_of(const struct ArrowArray *array) {
    numbers n = {fp_validity(array), NULL, array->offset};
    if (array->length)
        n.values = (const int64_t *)array->buffers[1] + array->offset;
    return n;
}

static bool number_at(const numbers *n, int64_t row, int64_t *value) {
    if (n->validity && !fp_bit(n->validity, n->offset + row))
        return false;
    *value = n->values[row];
    return true;
}

typedef struct columns {
    fp_text_rows srcaddr, dstaddr;
    numbers srcport, dstport, protocol;
} columns;

typedef enum found { FLOW, NO_FLOW, BAD_NUMBER } found;

static bool address_at(const fp_text_rows *rows, int64_t row, fp_address *address) {
    fp_text text;
    if (!fp_text_at(rows, row, &text))
        return false;
    *address = fp_read_address(text.bytes, text.size);
    return address->n_bits > 0;
}

static bool is_in(int64_t value, int64_t most) {
    return value >= 0 && value <= most;
}

static found flow_at(const columns *c, int64_t row, flow *f) {
    int64_t protocol = 0, source = 0, destination = 0;
    bool known = number_at(&c->protocol, row, &protocol);
    bool from = number_at(&c->srcport, row, &source);
    bool to = number_at(&c->dstport, row, &destination);
    if (!is_in(protocol, 255) || !is_in(source, 65535) || !is_in(destination, 65535))
        return BAD_NUMBER;
    f->ported = has_ports(protocol);
    if (!known || (f->ported && !(from && to)) || !address_at(&c->srcaddr, row, &f->source) ||
        !address_at(&c->dstaddr, row, &f->destination) || f->source.n_bits != f->destination.n_bits)
        return NO_FLOW;
    f->protocol = (uint32_t)protocol;
    f->source_port = (uint32_t)source;
    f->destination_port = (uint32_t)destination;
    return FLOW;
}

static bool are_whole(const fp_flows *flows) {
    int64_t n = flows->srcaddr->length;
    return fp_is_text(flows->srcaddr) && fp_is_text(flows->dstaddr) &&
           fp_is_fixed_width(flows->srcport) && fp_is_fixed_width(flows->dstport) &&
           fp_is_fixed_width(flows->protocol) && flows->dstaddr->length == n &&
           flows->srcport->length == n && flows->dstport->length == n &&
           flows->protocol->length == n;
}

fp_status fp_community_ids(const fp_flows *flows, uint16_t seed, int64_t *bad, fp_texts *out) {
    *bad = -1;
    if (!are_whole(flows))
        return FP_ERR_STATE;
    columns c = {fp_rows_of_text(flows->srcaddr), fp_rows_of_text(flows->dstaddr),
                 numbers_of(flows->srcport), numbers_of(flows->dstport),
                 numbers_of(flows->protocol)};
    for (int64_t row = 0; row < c.srcaddr.count; row++) {
        flow f;
        found what = flow_at(&c, row, &f);
        if (what == BAD_NUMBER) {
            *bad = row;
            return FP_OK;
        }
        if (what == NO_FLOW) {
            fp_end_null(out, row);
            continue;
        }
        uint8_t *at = fp_text_room(out, FP_COMMUNITY_TEXT);
        if (!at)
            return FP_ERR_SIZE;
        put_in_order(&f);
        put_id(at, &f, seed);
        fp_end_text(out, row, FP_COMMUNITY_TEXT);
    }
    return FP_OK;
}
