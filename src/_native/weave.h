/* Text and its lines: which of them rows of columns spell, and text out of lines from several
 * places.
 *
 * A line has a number in its text and ends behind its newline, or with the text.
 */
#ifndef FP_WEAVE_H
#define FP_WEAVE_H

#include "spell.h"

/* Lines of a text: line i is from offsets[i] to before offsets[i + 1]. */
typedef struct fp_text_lines {
    const uint8_t *text;
    const int64_t *offsets; /* as fp_find_lines gives them */
    int64_t first;          /* number of line 0 */
    int64_t count;
} fp_text_lines;

int64_t fp_count_lines(const uint8_t *text, int64_t size);
/* One more offset than lines: where each begins, and the end of the text. */
void fp_find_lines(const uint8_t *text, int64_t size, int64_t *offsets);

/* Holds rows against the lines whose numbers are `numbers`, int64. Rows of other lines than the
 * text has are passed over. told: a bit a line, set where a row is spelled as its line. differing:
 * room of one a row; its rows that are not. room: FP_SPELL_PAD more than `row_room`.
 * FP_ERR_STATE: the numbers contradict themselves, a row has none, or there are other than rows.
 * FP_ERR_SIZE: another row told of line `*bad` already. */
fp_status fp_match_lines(const fp_spell *spell, const fp_text_lines *lines,
                         const struct ArrowArray *numbers, uint8_t *room, uint8_t *told,
                         int32_t *differing, int64_t *n_differing, int64_t *bad);

/* Where the text of a line lies. */
typedef struct fp_place {
    const uint8_t *at;
    int64_t size; /* below 0: nowhere yet */
} fp_place;

/* Tells where lines lie, large_binary, from `first` on; others are passed over. over: they take
 * the place of what is known. FP_ERR_STATE as above. FP_ERR_SIZE: line `*bad` has a place. */
fp_status fp_place_lines(const struct ArrowArray *values, const struct ArrowArray *numbers,
                         bool over, int64_t first, int64_t count, fp_place *places, int64_t *bad);
/* Bytes of all; below 0: the line at -1 - it has no place. */
int64_t fp_measure_places(const fp_place *places, int64_t count);
/* offsets: NULL, or as of fp_find_lines. */
void fp_copy_places(const fp_place *places, int64_t count, uint8_t *out, int64_t *offsets);

#endif
