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


def spell(columns, bint offsets=False, *, bytes head=b""):
    """Lines of text from the columns of a batch; the GIL is off meanwhile.

    Parameters
    ----------
    columns : list of pyarrow.Array
        In the order of a line, all of one length; one may stand twice. int32 and int64 are
        decimal; timestamp[s] is epoch seconds, from 10**11 on milliseconds; timestamp[ms] is ISO;
        string and binary stand as they are, in dictionaries with int32 codes or not. Null is `-`.
    offsets : bool
        Tell where each line begins.
    head : bytes
        Stands in front of the lines.

    Returns
    -------
    text : pyarrow.Buffer
        Values with one blank between them, a newline behind each line.
    offsets : pyarrow.Buffer or None
        int64, one more than rows: where each line begins in the text, and the end of all.

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
    cdef int64_t size = PyBytes_GET_SIZE(head)
    text = pa.allocate_buffer(size + spelling.spell.room + c.FP_SPELL_PAD, resizable=True)
    cdef int64_t *begins_out = <int64_t *><size_t>begins.address if offsets else NULL
    cdef uint8_t *text_out = <uint8_t *><size_t>text.address
    memcpy(text_out, PyBytes_AS_STRING(head), size)
    with nogil:
        size = c.fp_spell_lines(&spelling.spell, text_out, size, begins_out)
    text.resize(size, shrink_to_fit=True)
    return text.slice(0), begins  # a memoryview of what was resized would have its old length


cdef int check_lines(int status, int64_t line) except -1:
    if status == c.FP_ERR_SIZE:
        raise ValueError(f"line {line}: two rows are of this line")
    if status == c.FP_ERR_STATE:
        raise ValueError(
            "lines: expected a number for each row and no null, and text whose offsets do not "
            "lead out of it")
    return check(status)


cdef class TextLines:
    """A text that rows were read from, and which of its lines these rows tell.

    Parameters
    ----------
    text : pyarrow.Buffer
    first : int
        The number of its first line.

    Attributes
    ----------
    offsets : pyarrow.Buffer
        int64, one more than lines: where each begins, and the end of the text. A line ends behind
        its newline; the last need not have one.
    """

    cdef c.fp_text_lines lines
    cdef readonly object text, offsets
    cdef object told

    def __cinit__(self, text, int64_t first=1):
        cdef int64_t size = text.size
        cdef const uint8_t *data = <const uint8_t *><size_t>text.address
        self.text = text
        self.lines.text = data
        self.lines.first = first
        with nogil:
            self.lines.count = c.fp_count_lines(data, size)
        self.offsets = pa.allocate_buffer((self.lines.count + 1) * 8)
        self.told = new_buffer((self.lines.count + 7) // 8)
        cdef int64_t *offsets = <int64_t *><size_t>self.offsets.address
        self.lines.offsets = offsets
        with nogil:
            c.fp_find_lines(data, size, offsets)

    def __len__(self):
        return self.lines.count

    def match(self, columns, numbers):
        """Hold rows against the lines that they were read from.

        Parameters
        ----------
        columns : list of pyarrow.Array
            As `spell` takes them.
        numbers : pyarrow.Int64Array
            The line of each row. Rows of lines that this text does not have are passed over.

        Returns
        -------
        pyarrow.Int32Array
            The rows that are not spelled as their line stands there, newline and all.

        Raises
        ------
        TypeError, ValueError
            As of `spell`; or two rows tell of one line.
        """
        cdef _Spelling spelling = _Spelling(columns)
        capsule = numbers.__arrow_c_array__()[1]
        cdef const c.ArrowArray *given = array_of(capsule)
        room = pa.allocate_buffer(spelling.spell.row_room + c.FP_SPELL_PAD)
        differing = pa.allocate_buffer(spelling.spell.rows * 4, resizable=True)
        cdef uint8_t *room_out = <uint8_t *><size_t>room.address
        cdef int32_t *differing_out = <int32_t *><size_t>differing.address
        cdef uint8_t *told = <uint8_t *><size_t>self.told.address
        cdef int64_t n = 0, bad = 0
        cdef int status
        with nogil:
            status = c.fp_match_lines(
                &spelling.spell, &self.lines, given, room_out, told, differing_out, &n, &bad)
        check_lines(status, bad)
        differing.resize(n * 4, shrink_to_fit=True)
        return pa.Array.from_buffers(pa.int32(), n, [None, differing])

    def rest(self):
        """The lines that no row told, so far.

        Returns
        -------
        lines : pyarrow.LargeBinaryArray
            With their newlines.
        numbers : pyarrow.Int64Array
        """
        told = pa.Array.from_buffers(pa.bool_(), self.lines.count, [None, self.told])
        left = pc.indices_nonzero(pc.invert(told)).cast(pa.int64())
        lines = pa.Array.from_buffers(
            pa.large_binary(), self.lines.count, [None, self.offsets, self.text])
        return lines.take(left), pc.add(left, self.lines.first)


def weave(rows, rest, int64_t first, int64_t last, bint offsets=False):
    """Text out of lines that lie in several places; the GIL is off meanwhile.

    Parameters
    ----------
    rows, rest : list of (pyarrow.LargeBinaryArray, pyarrow.Int64Array)
        Lines with their newlines, and their numbers, in any order. Where both have a line, that
        of `rest` counts. Any bytes are a line; it may be empty, or be many.
    first, last : int
        The numbers of the text's lines: from `first` to before `last`. Others are passed over.
    offsets : bool
        Tell where each line begins.

    Returns
    -------
    text : pyarrow.Buffer
    offsets : pyarrow.Buffer or None
        int64, one more than lines.

    Raises
    ------
    ValueError
        A line is missing, or is twice in `rows`; arrays have nulls, differ in length or contradict
        themselves.
    """
    if last < first:
        raise ValueError(f"lines: there are none from {first} to before {last}")
    cdef int64_t count = last - first, bad = 0, size
    marks = pa.allocate_buffer(count * sizeof(c.fp_place))
    cdef c.fp_place *places = <c.fp_place *><size_t>marks.address
    memset(places, 0xff, count * sizeof(c.fp_place))
    cdef const c.ArrowArray *values
    cdef const c.ArrowArray *given
    cdef int status
    cdef bint over
    kept = []
    for pieces, over in ((rows, False), (rest, True)):
        for lines, numbers in pieces:
            capsules = lines.__arrow_c_array__()[1], numbers.__arrow_c_array__()[1]
            kept.append(capsules)
            values, given = array_of(capsules[0]), array_of(capsules[1])
            with nogil:
                status = c.fp_place_lines(values, given, over, first, count, places, &bad)
            check_lines(status, bad)
    with nogil:
        size = c.fp_measure_places(places, count)
    if size < 0:
        raise ValueError(f"line {first - 1 - size} is missing")
    text = pa.allocate_buffer(size)
    begins = pa.allocate_buffer((count + 1) * 8) if offsets else None
    cdef uint8_t *text_out = <uint8_t *><size_t>text.address
    cdef int64_t *begins_out = <int64_t *><size_t>begins.address if offsets else NULL
    with nogil:
        c.fp_copy_places(places, count, text_out, begins_out)
    return text, begins
