/* IP addresses of Arrow arrays: from text to bits, to bytes in network order, and back.
 *
 * Source: RFC 4291 and dotted decimal for what is read; RFC 5952 for what is written.
 */
#ifndef FP_ADDRESS_H
#define FP_ADDRESS_H

#include "decode_address.h"
#include "text_rows.h"

enum {
    FP_ADDRESS_TEXT = 39,                  /* bytes of the longest canonical text */
    FP_NETWORK_TEXT = FP_ADDRESS_TEXT + 4, /* with its prefix length */
};

/* IPv4 is the lowest 32 bits. */
typedef struct fp_address {
    uint64_t bits[2]; /* the high half first */
    uint32_t n_bits;  /* 32, 128, or 0: none */
} fp_address;

static inline fp_address fp_read_address(const uint8_t *at, uint32_t size) {
    fp_address address = {{0, 0}, 0};
    uint32_t ipv4;
    if (fp_decode_ipv4(at, size, &ipv4)) {
        address.bits[1] = ipv4;
        address.n_bits = 32;
    } else if (fp_decode_ipv6(at, size, address.bits)) {
        address.n_bits = 128;
    }
    return address;
}

/* The bits of an address that its network of this prefix length shares, 0..n_bits. */
void fp_mask_address(fp_address *address, uint32_t length);
/* Canonical text at out, of at most FP_ADDRESS_TEXT bytes; returns how many. */
size_t fp_put_address(uint8_t *out, const fp_address *address);
/* Bytes in network order: 4 or 16 of them. */
size_t fp_put_address_bytes(uint8_t *out, const fp_address *address);

/* Each gives a row a row; what is null or no address becomes null. FP_ERR_STATE: the array
 * contradicts itself. FP_ERR_SIZE: there is no room. */
fp_status fp_addresses_to_bytes(const struct ArrowArray *texts, fp_texts *out);
fp_status fp_bytes_to_addresses(const struct ArrowArray *binary, fp_texts *out);
/* Networks as canonical text. Lengths: of IPv4 0..32, of IPv6 0..128. */
fp_status fp_networks_of(const struct ArrowArray *texts, uint32_t length4, uint32_t length6,
                         fp_texts *out);

#endif
