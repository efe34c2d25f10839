/* A wrong layout is a fault of the caller's, and must not become a wild read. */
#ifndef FP_LAYOUT_H
#define FP_LAYOUT_H

#include "flowparse.h"

/* Every place lies in the line, every kind fits its field's check, every term has its value. */
bool fp_is_sound_layout(const fp_layout *layout);

#endif
