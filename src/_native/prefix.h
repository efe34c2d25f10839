/* Networks, and the most specific of them that an address is in.
 *
 * Networks contain one another or are apart, so together they cut the addresses into ranges in
 * each of which one network, or none, is the most specific. A lookup finds its range: binary
 * search, for IPv4 within those ranges that share the address's first bits.
 */
#ifndef FP_PREFIX_H
#define FP_PREFIX_H

#include "address.h"

typedef struct fp_prefixes fp_prefixes;

/* CIDR ranges or addresses, one a row; bits of hosts are masked. Of rows that hold the same
 * network the last counts. FP_OK with *bad >= 0: that row, the first such one, is null or no
 * network, and there is no table. FP_ERR_STATE: the array contradicts itself; FP_ERR_SIZE: it
 * has more rows than int32 counts. */
fp_status fp_prefixes_new(const struct ArrowArray *texts, int64_t *bad, fp_prefixes **out);
void fp_prefixes_free(fp_prefixes *prefixes);

/* The row of the most specific network; null where there is none. Bits are 0 at first. */
fp_status fp_prefixes_find(const fp_prefixes *prefixes, const struct ArrowArray *addresses,
                           int32_t *rows, uint8_t *validity, int64_t *nulls);
/* Is the address in any of them? Null only where it is null. Bits are 0 at first. */
fp_status fp_prefixes_contain(const fp_prefixes *prefixes, const struct ArrowArray *addresses,
                              uint8_t *bits, uint8_t *validity, int64_t *nulls);

#endif
