/* Dotted decimal -> 32 bits, without a loop over its bytes. It takes what fp_decode_ipv4 takes:
 * the text follows from the bits. */
#ifndef FP_ADDRESS_CODE_H
#define FP_ADDRESS_CODE_H

#include "bits.h"
#include "decode_address.h"

#define FP_EACH_BYTE(x) (0x0101010101010101u * (x))

/* The high bit of each byte that is not below `limit`, which is at most 0x80. */
static inline uint64_t fp_bytes_from(uint64_t word, uint64_t limit) {
    uint64_t low = word & FP_EACH_BYTE(0x7f);
    return (low + FP_EACH_BYTE(0x80 - limit)) | word;
}

/* Bit i: the high bit of byte i. */
static inline uint32_t fp_gather_high(uint64_t word) {
    word = (word & FP_EACH_BYTE(0x80)) >> 7;
    return (uint32_t)(word * 0x0102040810204080u >> 56);
}

/* At most three digits from `at` on, four bytes of which are readable; above 255: they are not
 * the way that a part of an address is written. */
static inline uint32_t fp_read_part(const uint8_t *at, uint32_t n) {
    static const uint8_t least[4] = {255, 0, 10, 100};
    uint32_t digits = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    if (n - 1 > 2)
        return 256;
    digits = (digits ^ 0x30303030u) << (32 - 8 * n);
    uint32_t value = (digits >> 8 & 255) * 100 + (digits >> 16 & 255) * 10 + (digits >> 24);
    return value >= least[n] ? value : 256;
}

FP_INLINE bool fp_code_ipv4(const uint8_t *at, uint32_t size, const uint8_t *end, uint32_t *bits) {
    if (size - 7 > 8)
        return false;
    if (FP_UNLIKELY(end - at < 18)) /* what the last part reads */
        return fp_decode_ipv4(at, size, bits);
    /* '.' becomes 0x1e, and digits what they are */
    uint64_t low = fp_load8(at) ^ FP_EACH_BYTE(0x30), high = fp_load8(at + 8) ^ FP_EACH_BYTE(0x30);
    uint64_t no_dot_low = fp_bytes_from(low ^ FP_EACH_BYTE(0x1e), 1);
    uint64_t no_dot_high = fp_bytes_from(high ^ FP_EACH_BYTE(0x1e), 1);
    uint32_t inside = (1u << size) - 1;
    uint32_t dots = ~(fp_gather_high(no_dot_low) | fp_gather_high(no_dot_high) << 8) & inside;
    uint32_t others =
        fp_gather_high(fp_bytes_from(low, 10)) | fp_gather_high(fp_bytes_from(high, 10)) << 8;
    if ((others & inside) != dots)
        return false;
    dots |= 7u << 29; /* so that there are three to find */
    uint32_t first = fp_count_trailing_zeros(dots);
    dots &= dots - 1;
    uint32_t second = fp_count_trailing_zeros(dots);
    dots &= dots - 1;
    uint32_t third = fp_count_trailing_zeros(dots);
    if (third + 1 >= size || (dots & (dots - 1) & inside))
        return false;
    uint32_t a = fp_read_part(at, first);
    uint32_t b = fp_read_part(at + first + 1, second - first - 1);
    uint32_t c = fp_read_part(at + second + 1, third - second - 1);
    uint32_t d = fp_read_part(at + third + 1, size - third - 1);
    *bits = a << 24 | b << 16 | c << 8 | d;
    return ((a | b | c | d) >> 8) == 0;
}

/* Of texts rows[0], rows[1] and so on, by the kernel in use: 1 where it is IPv4, and then its
 * bits. Text i is bytes[offsets[i]..offsets[i + 1]]; from `end` on nothing is read. */
void fp_code_addresses(const uint8_t *bytes, const int32_t *offsets, const int64_t *rows,
                       uint32_t n, const uint8_t *end, uint32_t *bits, uint8_t *is_ipv4);

#endif
