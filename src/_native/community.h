/* Community ID of flows: a hash of their ends that other tools make of the same flow.
 *
 * Source: the Community ID flow hashing specification, version 1. */
#ifndef FP_COMMUNITY_H
#define FP_COMMUNITY_H

#include "address.h"

enum { FP_COMMUNITY_TEXT = 30 }; /* `1:` and the base64 of 20 bytes */

/* Columns of as many rows each. Addresses are utf8; the others int64. */
typedef struct fp_flows {
    const struct ArrowArray *srcaddr, *dstaddr, *srcport, *dstport, *protocol;
} fp_flows;

/* Null where the protocol or an address is null, an address is none, their families differ, or
 * the protocol has ports and one is null. FP_OK with *bad >= 0: in that row a port is not in
 * 0..65535, or the protocol not in 0..255. */
fp_status fp_community_ids(const fp_flows *flows, uint16_t seed, int64_t *bad, fp_texts *out);

#endif
