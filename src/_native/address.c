#include "address.h"

static const char hex[] = "0123456789abcdef";

void fp_mask_address(fp_address *address, uint32_t length) {
    uint32_t host = address->n_bits - length;
    if (host >= 64) {
        address->bits[1] = 0;
        host -= 64;
        address->bits[0] = host >= 64 ? 0 : address->bits[0] >> host << host;
    } else {
        address->bits[1] = address->bits[1] >> host << host;
    }
}

/* --- text --- */

static uint8_t *put_decimal(uint8_t *out, uint32_t number) {
    if (number >= 100)
        *out++ = (uint8_t)('0' + number / 100);
    if (number >= 10)
        *out++ = (uint8_t)('0' + number / 10 % 10);
    *out++ = (uint8_t)('0' + number % 10);
    return out;
}

static uint8_t *put_ipv4(uint8_t *out, uint32_t bits) {
    for (uint32_t shift = 24; shift; shift -= 8) {
        out = put_decimal(out, bits >> shift & 255);
        *out++ = '.';
    }
    return put_decimal(out, bits & 255);
}

static uint8_t *put_group(uint8_t *out, uint32_t group) {
    for (uint32_t shift = group > 0xfff  ? 12
                          : group > 0xff ? 8
                          : group > 0xf  ? 4
                                         : 0;
         shift; shift -= 4)
        *out++ = (uint8_t)hex[group >> shift & 15];
    *out++ = (uint8_t)hex[group & 15];
    return out;
}

static uint32_t group_at(const fp_address *address, uint32_t i) {
    return (uint32_t)(address->bits[i / 4] >> (48 - 16 * (i % 4)) & 0xffff);
}

/* Where the first of the longest runs of zero groups begins, and its length if it has two. */
static uint32_t find_zeros(const fp_address *address, uint32_t *length) {
    uint32_t at = 8, run = 0;
    *length = 1;
    for (uint32_t i = 0; i < 8; i++) {
        run = group_at(address, i) == 0 ? run + 1 : 0;
        if (run > *length) {
            *length = run;
            at = i + 1 - run;
        }
    }
    return at;
}

static uint8_t *put_ipv6(uint8_t *out, const fp_address *address) {
    if (address->bits[0] == 0 && address->bits[1] >> 32 == 0xffff) {
        memcpy(out, "::ffff:", 7);
        return put_ipv4(out + 7, (uint32_t)address->bits[1]);
    }
    uint32_t length, zeros = find_zeros(address, &length);
    for (uint32_t i = 0; i < 8; i++) {
        if (i == zeros) {
            *out++ = ':';
            i += length - 1;
            if (i == 7)
                *out++ = ':';
            continue;
        }
        if (i)
            *out++ = ':';
        out = put_group(out, group_at(address, i));
    }
    return out;
}

size_t fp_put_address(uint8_t *out, const fp_address *address) {
    uint8_t *end =
        address->n_bits == 32 ? put_ipv4(out, (uint32_t)address->bits[1]) : put_ipv6(out, address);
    return (size_t)(end - out);
}

static size_t put_network(uint8_t *out, fp_address *address, uint32_t length) {
    fp_mask_address(address, length);
    uint8_t *end = out + fp_put_address(out, address);
    *end++ = '/';
    return (size_t)(put_decimal(end, length) - out);
}

/* --- bytes --- */

size_t fp_put_address_bytes(uint8_t *out, const fp_address *address) {
    uint32_t size = address->n_bits / 8;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t place = 16 - size + i;
        out[i] = (uint8_t)(address->bits[place / 8] >> (56 - 8 * (place % 8)));
    }
    return size;
}

static fp_address read_bytes(fp_text bytes) {
    fp_address address = {{0, 0}, 0};
    if (bytes.size != 4 && bytes.size != 16)
        return address;
    address.n_bits = bytes.size * 8;
    for (uint32_t i = 0; i < bytes.size; i++) {
        uint32_t place = 16 - bytes.size + i;
        address.bits[place / 8] |= (uint64_t)bytes.bytes[i] << (56 - 8 * (place % 8));
    }
    return address;
}

/* --- arrays --- */

fp_status fp_addresses_to_bytes(const struct ArrowArray *texts, fp_texts *out) {
    if (!fp_is_text(texts))
        return FP_ERR_STATE;
    fp_text_rows rows = fp_rows_of_text(texts);
    fp_text text;
    for (int64_t row = 0; row < rows.count; row++) {
        fp_address address = {{0, 0}, 0};
        if (fp_text_at(&rows, row, &text))
            address = fp_read_address(text.bytes, text.size);
        if (!address.n_bits) {
            fp_end_null(out, row);
            continue;
        }
        uint8_t *at = fp_text_room(out, 16);
        if (!at)
            return FP_ERR_SIZE;
        fp_end_text(out, row, fp_put_address_bytes(at, &address));
    }
    return FP_OK;
}

fp_status fp_bytes_to_addresses(const struct ArrowArray *binary, fp_texts *out) {
    if (!fp_is_text(binary))
        return FP_ERR_STATE;
    fp_text_rows rows = fp_rows_of_text(binary);
    fp_text bytes;
    for (int64_t row = 0; row < rows.count; row++) {
        fp_address address = {{0, 0}, 0};
        if (fp_text_at(&rows, row, &bytes))
            address = read_bytes(bytes);
        if (!address.n_bits) {
            fp_end_null(out, row);
            continue;
        }
        uint8_t *at = fp_text_room(out, FP_ADDRESS_TEXT);
        if (!at)
            return FP_ERR_SIZE;
        fp_end_text(out, row, fp_put_address(at, &address));
    }
    return FP_OK;
}

fp_status fp_networks_of(const struct ArrowArray *texts, uint32_t length4, uint32_t length6,
                         fp_texts *out) {
    if (!fp_is_text(texts) || length4 > 32 || length6 > 128)
        return FP_ERR_STATE;
    fp_text_rows rows = fp_rows_of_text(texts);
    fp_text text;
    for (int64_t row = 0; row < rows.count; row++) {
        fp_address address = {{0, 0}, 0};
        if (fp_text_at(&rows, row, &text))
            address = fp_read_address(text.bytes, text.size);
        if (!address.n_bits) {
            fp_end_null(out, row);
            continue;
        }
        uint8_t *at = fp_text_room(out, FP_NETWORK_TEXT);
        if (!at)
            return FP_ERR_SIZE;
        uint32_t length = address.n_bits == 32 ? length4 : length6;
        fp_end_text(out, row, put_network(at, &address, length));
    }
    return FP_OK;
}
