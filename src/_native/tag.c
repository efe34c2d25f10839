#include "tag.h"

#include "decode_address.h"
#include "utf8.h"

/* Decoded bytes at out; returns how many, at most text.size. */
static size_t decode(uint8_t *out, fp_text text) {
    uint8_t *at = out;
    for (uint32_t i = 0; i < text.size; i++) {
        uint8_t byte = text.bytes[i];
        if (byte == '%' && text.size - i > 2) {
            int32_t high = fp_decode_hex(text.bytes[i + 1]);
            int32_t low = fp_decode_hex(text.bytes[i + 2]);
            if (high >= 0 && low >= 0) {
                byte = (uint8_t)(high << 4 | low);
                i += 2;
            }
        }
        *at++ = byte;
    }
    return (size_t)(at - out);
}

fp_status fp_decode_tags(const struct ArrowArray *texts, fp_texts *out) {
    if (!fp_is_text(texts))
        return FP_ERR_STATE;
    fp_text_rows rows = fp_rows_of_text(texts);
    fp_text text;
    for (int64_t row = 0; row < rows.count; row++) {
        if (!fp_text_at(&rows, row, &text)) {
            fp_end_null(out, row);
            continue;
        }
        uint8_t *at = fp_text_room(out, text.size);
        if (!at)
            return FP_ERR_SIZE;
        size_t size = text.size;
        if (size && memchr(text.bytes, '%', size))
            size = decode(at, text);
        if (size == text.size || !fp_is_utf8(at, (uint32_t)size)) {
            size = text.size;
            if (size)
                memcpy(at, text.bytes, size);
        }
        fp_end_text(out, row, size);
    }
    return FP_OK;
}
