# The part of `_core.pyx` that encodes Parquet: a column of a row group in, its pages out.

INT32, INT64, TEXT, CODES = range(4)


cdef class Pages:
    """One column of a Parquet row group, encoded and not compressed.

    Attributes
    ----------
    dictionary : pyarrow.Buffer
        Its values, PLAIN; empty where no page holds codes.
    n_dictionary : int
    pages : list of (pyarrow.Buffer, int, bool)
        Bytes, rows, and if they are PLAIN: values, and no codes of the dictionary.
    nulls : int
    bounds : (int, int) or (bytes, bytes) or None
        The least and the greatest value; None where all are null.
    """

    cdef c.fp_parquet_column column

    def __dealloc__(self):
        c.fp_parquet_free(&self.column)

    cdef buffer(self, const uint8_t *data, size_t size):
        return pa.foreign_buffer(<size_t>data, size, self) if size else pa.py_buffer(b"")

    @property
    def dictionary(self):
        return self.buffer(self.column.dictionary.data, self.column.dictionary.size)

    @property
    def n_dictionary(self):
        return self.column.n_dictionary

    @property
    def pages(self):
        cdef c.fp_page page
        found = []
        for i in range(self.column.n_pages):
            page = self.column.pages[i]
            found.append(
                (self.buffer(self.column.data.data + page.at, page.size), page.rows, page.plain))
        return found

    @property
    def nulls(self):
        return self.column.nulls

    @property
    def bounds(self):
        if not self.column.bounded:
            return None
        if self.column.low_text.bytes == NULL:
            return self.column.least, self.column.greatest
        return text_bytes(self.column.low_text), text_bytes(self.column.top_text)


cdef bytes text_bytes(c.fp_text text):
    return (<const char *>text.bytes)[:text.size]


def encode_pages(
    arrays, int kind, int64_t scale, bint nullable, *,
    uint32_t page_rows, uint32_t page_bytes, uint32_t dictionary_bytes,
):
    """Encode one column of a Parquet row group; the GIL is off meanwhile.

    Parameters
    ----------
    arrays : list of pyarrow.Array
        One after another, of the type that `kind` says.
    kind : int
        INT32 or INT64: anything of that width; TEXT: utf8 or binary; CODES: int32 codes of a
        dictionary of such text, in which is no null.
    scale : int
        Numbers are multiplied by it; 1 for anything but INT64.
    nullable : bool
        There are definition levels. Without them, no row may be null.
    page_rows : int
        1..2**28. A page ends at so many rows.
    page_bytes : int
        At least 1. A page of PLAIN text ends before it has more bytes, but for one value.
    dictionary_bytes : int
        At least 1. After a page that makes the dictionary larger, pages are PLAIN.

    Returns
    -------
    Pages or None
        None: the scaled numbers, or a page, are larger than their fields can tell.

    Raises
    ------
    ValueError
        An array's offsets or codes lead out of it, or it lacks a buffer.
    """
    if not 0 <= kind <= CODES or scale < 1 or (scale != 1 and kind != INT64):
        raise ValueError(f"there is no kind {kind} with scale {scale}")
    if min(page_rows, page_bytes, dictionary_bytes) < 1 or page_rows > c.FP_PAGE_ROWS_MAX:
        raise ValueError("limits of a page: expected 1 or more, and at most 2**28 rows")
    cdef c.fp_parquet_request request
    request.kind = kind
    request.scale = scale
    request.nullable = nullable
    request.seed = dictionary_seed
    request.page_rows = page_rows
    request.page_bytes = page_bytes
    request.dictionary_bytes = dictionary_bytes
    capsules = [array.__arrow_c_array__()[1] for array in arrays]
    cdef uint32_t n = <uint32_t>len(capsules)
    cdef const c.ArrowArray **given = <const c.ArrowArray **>allocate(n, sizeof(void *))
    cdef Pages pages = Pages()
    cdef int status
    try:
        for i in range(n):
            given[i] = <const c.ArrowArray *>PyCapsule_GetPointer(capsules[i], "arrow_array")
        with nogil:
            status = c.fp_parquet_encode(&request, given, n, &pages.column)
    finally:
        free(given)
    if status == c.FP_ERR_SIZE:
        return None
    if status == c.FP_ERR_STATE:
        raise ValueError("an Arrow array contradicts itself: its offsets or codes lead out of it")
    check(status)
    return pages
