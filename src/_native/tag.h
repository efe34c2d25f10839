/* Values of tags, as flow logs of version 11 write them: percent-encoded UTF-8.
 *
 * Source: RFC 3986, section 2.1. */
#ifndef FP_TAG_H
#define FP_TAG_H

#include "text_rows.h"

/* A row a row; null stays null. A `%` without two hex digits stays as it stands, and so does all
 * of a row that would not be UTF-8. The text never grows. */
fp_status fp_decode_tags(const struct ArrowArray *texts, fp_texts *out);

#endif
