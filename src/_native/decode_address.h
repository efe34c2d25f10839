/* The text of an IP address -> its bits. As strict as RFC 4291 and dotted decimal are: no
 * leading zeros in IPv4, no zone in IPv6. */
#ifndef FP_DECODE_ADDRESS_H
#define FP_DECODE_ADDRESS_H

#include "flowparse.h"

static inline bool fp_decode_ipv4(const uint8_t *at, uint32_t size, uint32_t *address) {
    uint32_t bits = 0, part = 0, n_digits = 0, n_parts = 0;
    if (size < 7 || size > 15)
        return false;
    for (uint32_t i = 0; i <= size; i++) {
        uint32_t digit = i < size ? (uint32_t)at[i] - '0' : 10;
        if (digit <= 9) {
            if (n_digits == 3 || (n_digits > 0 && part == 0))
                return false;
            part = part * 10 + digit;
            n_digits++;
        } else {
            if ((i < size && at[i] != '.') || n_digits == 0 || part > 255 || n_parts == 4)
                return false;
            bits = bits << 8 | part;
            n_parts++;
            part = n_digits = 0;
        }
    }
    *address = bits;
    return n_parts == 4;
}

static inline int32_t fp_decode_hex(uint8_t byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The groups of an IPv6 address; *gap is where `::` stands, or -1. Returns their number, or
 * -1 where the text is no address. */
static inline int fp_decode_groups(const uint8_t *at, uint32_t size, uint16_t groups[8], int *gap) {
    int n = 0;
    uint32_t i = 0;
    *gap = -1;
    if (size >= 2 && at[0] == ':' && at[1] == ':') {
        *gap = 0;
        i = 2;
    }
    while (i < size) {
        uint32_t begin = i, value = 0, ipv4;
        while (i < size && i - begin < 4 && fp_decode_hex(at[i]) >= 0)
            value = value << 4 | (uint32_t)fp_decode_hex(at[i++]);
        if (i < size && at[i] == '.') {
            if (n > 6 || !fp_decode_ipv4(at + begin, size - begin, &ipv4))
                return -1;
            groups[n++] = (uint16_t)(ipv4 >> 16);
            groups[n++] = (uint16_t)ipv4;
            return n;
        }
        if (i == begin || n == 8)
            return -1;
        groups[n++] = (uint16_t)value;
        if (i == size)
            return n;
        if (at[i++] != ':' || i == size)
            return -1;
        if (at[i] == ':') {
            if (*gap >= 0)
                return -1;
            *gap = n;
            i++;
        }
    }
    return n;
}

static inline bool fp_decode_ipv6(const uint8_t *at, uint32_t size, uint64_t address[2]) {
    uint16_t groups[8];
    int gap, n = size <= 45 ? fp_decode_groups(at, size, groups, &gap) : -1;
    if (n < 0 || (gap < 0 ? n != 8 : n > 7))
        return false;
    address[0] = address[1] = 0;
    for (int i = 0; i < n; i++) {
        int place = gap >= 0 && i >= gap ? 8 - n + i : i;
        address[place / 4] |= (uint64_t)groups[i] << (48 - 16 * (place % 4));
    }
    return true;
}

#endif
