/* SHA-1 of bytes in memory. Not for secrets: Community IDs are made with it.
 *
 * Source: FIPS 180-4, sections 5 and 6.1. */
#ifndef FP_SHA1_H
#define FP_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { FP_SHA1_BYTES = 20 };

void fp_sha1(const uint8_t *data, size_t size, uint8_t digest[FP_SHA1_BYTES]);

#endif
