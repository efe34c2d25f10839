# The part of `_core.pyx` that makes text of Arrow columns: arrays in, lines out, the GIL off.

cdef int spell_kind(type_) except -1:
    """The `fp_spell_kind` of a type of Arrow."""
    types = pa.types
    if types.is_dictionary(type_):
        value = type_.value_type
        if types.is_int32(type_.index_type) and (types.is_string(value) or types.is_binary(value)):
            return c.FP_SPELL_CODES
    elif types.is_string(type_) or types.is_binary(type_):
        return c.FP_SPELL_TEXT
    elif types.is_int32(type_):
        return c.FP_SPELL_INT32
    elif types.is_int64(type_):
        return c.FP_SPELL_INT64
    elif types.is_timestamp(type_) and type_.unit == "s":
        return c.FP_SPELL_SECONDS
    elif types.is_timestamp(type_) and type_.unit == "ms":
        return c.FP_SPELL_ISO_TIME
    elif types.is_null(type_):
        return c.FP_SPELL_NULL
    raise TypeError(
        f"no line can hold {type_}: expected int32, int64, timestamp[s], timestamp[ms], string, "
        "binary, or a dictionary with int32 codes of either")


cdef class _Spelling:
    """Columns of equal length, looked at and ready to be spelled."""

    cdef object capsules
    cdef c.fp_spelling *columns
    cdef c.fp_spell spell

    def __cinit__(self, columns):
        cdef uint32_t n = <uint32_t>len(columns), at = 0
        self.capsules = [column.__arrow_c_array__()[1] for column in columns]
        self.columns = <c.fp_spelling *>allocate(n, sizeof(c.fp_spelling))
        cdef int *kinds = NULL
        cdef const c.ArrowArray **arrays = NULL
        cdef int status
        try:
            kinds = <int *>allocate(n, sizeof(int))
            arrays = <const c.ArrowArray **>allocate(n, sizeof(void *))
            for i in range(n):
                kinds[i] = spell_kind(columns[i].type)
                arrays[i] = array_of(self.capsules[i])
            with nogil:
                status = c.fp_spell_prepare(
                    arrays, <const c.fp_spell_kind *>kinds, n, self.columns, &at, &self.spell)
        finally:
            free(kinds)
            free(arrays)
        if status == c.FP_ERR_SIZE:
            raise ValueError(f"column {at}: a time that no line can say, or over 2**31 - 1 rows")
        if status == c.FP_ERR_STATE:
            raise ValueError(
                f"column {at}: there is none, it is not as long as the first, or it contradicts "
                "itself: its offsets or codes lead out of it")
        check(status)

    def __dealloc__(self):
        free(self.columns)


def spell(columns, bint offsets=False):
    """Lines of text from the columns of a batch; the GIL is off meanwhile.

    Parameters
    ----------
    columns : list of pyarrow.Array
        In the order of a line, all of one length; one may stand twice. int32 and int64 are
        decimal; timestamp[s] is epoch seconds, from 10**11 on milliseconds; timestamp[ms] is ISO;
        string and binary stand as they are, in dictionaries with int32 codes or not. Null is `-`.
    offsets : bool
        Tell where each line begins.

    Returns
    -------
    text : pyarrow.Buffer
        Values with one blank between them, a newline behind each line.
    offsets : pyarrow.Buffer or None
        int64, one more than rows: where each line begins, and the end of all.

    Raises
    ------
    TypeError
        A column has another type.
    ValueError
        An array contradicts itself, lengths differ, there is no column, or a time is one that no
        line can say: over 2**63 milliseconds, or ISO beside the years 0001 to 9999.

    Notes
    -----
    Nothing is looked for in the text: a value that is empty, `-`, or has blanks is written so.
    """
    cdef _Spelling spelling = _Spelling(columns)
    begins = pa.allocate_buffer((spelling.spell.rows + 1) * 8) if offsets else None
    text = pa.allocate_buffer(spelling.spell.room + c.FP_SPELL_PAD, resizable=True)
    cdef int64_t *begins_out = <int64_t *><size_t>begins.address if offsets else NULL
    cdef uint8_t *text_out = <uint8_t *><size_t>text.address
    cdef int64_t size
    with nogil:
        size = c.fp_spell_lines(&spelling.spell, text_out, begins_out)
    text.resize(size, shrink_to_fit=True)
    return text, begins
