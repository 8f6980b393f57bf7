"""Seeded changes to valid files: blind ones, and others that know where a format keeps its numbers and words."""

import copy
import csv
import gzip
import io
import json
import struct
import zipfile
import zlib

# What arithmetic, allocation and comparison stumble over.
INTEGERS = (0, 1, 2, 127, 128, 255, 2**15 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 10**12, 2**63 - 1)
FORMATS = ("<B", "<H", ">H", "<I", ">I", "<Q", ">Q", "<f", ">d")
CELLS = (
    *("", " ", "0", "1", "-1", "0.5", "1e400", "nan", "NaN", "inf", "-Infinity", "1_0", "٣", "1e999999999", "0x10"),
    *("99999999999999999999", "true", "null", "None", "../../etc/passwd", "/etc/passwd", "..", ".", "a/b", "a\\b", "~"),
    *(
        "\0",
        "a\nb",
        '"',
        "'",
        ";",
        ",",
        "\t",
        "\x1b[31mred",
        "\u202eabc",
        "\ud7ff",
        "é",
        "e\u0301",
        "🫁",
        "%s%n",
        "{0}",
    ),
    *("x" * 200_000, "1 " * 50_000, "CON", "-", "--help", "$(touch owned)", "=cmd|' /C calc'!A0", "\ufeff", "\x85"),
)
VALUES = (
    *(None, True, False, 0, -1, 0.5, 1e308, 2**70, float("nan"), float("inf"), -float("inf"), "", "x", "\0", "\n"),
    *([], {}, [[]], [None], [0] * 50, [[1, 2], [3, 4]], [float("nan")] * 6, [["a", "b"]] * 4, {"a": 1}),
)
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")
PNG = b"\x89PNG\r\n\x1a\n"


def mutated(data, rng, head=0):
    """Change a file.

    Parameters
    ----------
    data : bytes
        A valid file.
    rng : random.Random
        What to change.
    head : int, default=0
        Bytes at the start that hold the numbers which matter: half of the
        changes fall there.

    Returns
    -------
    bytes
    """
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(changes_for(data))(data, rng, head)
    return data


def changes_for(data):
    """Changes that make sense for a file, by how it begins."""
    blind = [flip, overwrite, overwrite, number, number, cut, insert, remove, repeat, splice]
    if data[:1] in b"[{" and len(data) > 1:
        return [json_value] * 10 + [json_raw] * 4 + blind
    if data[:2] == b"\x1f\x8b":
        return [inside_gzip] * 12 + blind
    if data[:4] == b"PK\x03\x04":
        return [inside_zip] * 12 + blind
    if data[:8] == PNG:
        return [inside_png] * 12 + blind
    if b"\n" in data[:4096] and b"\0" not in data[:4096] and b"," in data[:4096]:
        return [csv_cell] * 12 + [csv_shape] * 4 + [encoding] * 2 + blind
    return blind


def place(data, rng, head):
    """An offset into a file."""
    end = min(head, len(data)) if head and rng.random() < 0.5 else len(data)
    return rng.randrange(max(1, end))


def flip(data, rng, head):
    """Flip some bits."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        if changed:
            changed[place(data, rng, head)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(data, rng, head):
    """Put a run of one byte somewhere."""
    start, length = place(data, rng, head), rng.choice((1, 1, 2, 4, 16, 300))
    return data[:start] + bytes([rng.choice((0, 255, 127, 128, 32, 10))]) * length + data[start + length :]


def number(data, rng, head):
    """Put a number at the edge of its type somewhere."""
    form, value = rng.choice(FORMATS), rng.choice(INTEGERS)
    if form[1] in "fd":
        packed = struct.pack(form, rng.choice((float("nan"), float("inf"), -1.0, 0.0, 1e30)))
    else:
        packed = struct.pack(form, value % 256 ** struct.calcsize(form))
    start = place(data, rng, head)
    return data[:start] + packed + data[start + len(packed) :]


def cut(data, rng, head):
    """Cut a file short, or fill its end with zeros."""
    start = place(data, rng, head)
    return data[:start] + (b"\0" * (len(data) - start) if rng.random() < 0.3 else b"")


def insert(data, rng, head):
    """Put some random bytes in between."""
    start = place(data, rng, head)
    return data[:start] + rng.randbytes(rng.choice((1, 2, 7, 64))) + data[start:]


def remove(data, rng, head):
    """Take some bytes out."""
    start = place(data, rng, head)
    return data[:start] + data[start + rng.choice((1, 2, 8, 100)) :]


def repeat(data, rng, head):
    """Repeat a part."""
    start = place(data, rng, head)
    part = data[start : start + rng.choice((1, 8, 64, 512))]
    return data[:start] + part * rng.choice((2, 3, 50)) + data[start:]


def splice(data, rng, head):
    """Copy one part over another."""
    source, target, length = place(data, rng, head), place(data, rng, head), rng.choice((4, 16, 128))
    return data[:target] + data[source : source + length] + data[target + length :]


def inside_gzip(data, rng, head):
    """Change what is compressed, so that the sums are right again."""
    try:
        plain = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return flip(data, rng, head)
    return gzip.compress(mutated(plain, rng, head), 1, mtime=0)


def inside_zip(data, rng, head):
    """Change a member of an archive or its name."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:
        return flip(data, rng, head)
    target, written = rng.randrange(max(1, len(members))), io.BytesIO()
    renames = rng.random() < 0.25
    with zipfile.ZipFile(written, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for row, (name, content) in enumerate(members):
            if row == target and renames:
                info = zipfile.ZipInfo(rng.choice(("../owned", "/tmp/owned", "a/../../owned", name + "/x", "C:x", "é")))
                info.external_attr = rng.choice((0, 0o120777 << 16, 0o020666 << 16, 0o100644 << 16))
                archive.writestr(info, content)
            elif row == target:
                archive.writestr(name, mutated(content, rng, head))
            else:
                archive.writestr(name, content)
            if row == target and rng.random() < 0.1:
                archive.writestr(name + "2", content * 3)
    return written.getvalue()


def inside_png(data, rng, head):
    """Change a chunk of a PNG and correct its sum; or add one that unpacks to much."""
    chunks, start = [], len(PNG)
    while start + 12 <= len(data):
        length = int.from_bytes(data[start : start + 4], "big")
        chunks.append((data[start + 4 : start + 8], data[start + 8 : start + 8 + length]))
        start += 12 + length
    if not chunks:
        return flip(data, rng, head)
    row = rng.randrange(len(chunks))
    kind, content = chunks[row]
    if rng.random() < 0.15:
        bomb = zlib.compress(b"\0" * 60_000_000, 9)
        kind, content = rng.choice(((b"zTXt", b"a\0\0" + bomb), (b"iCCP", b"a\0\0" + bomb), (b"IDAT", bomb)))
        chunks.insert(1, (kind, content))
    elif kind == b"IHDR" and len(content) == 13:
        sides = [rng.choice((*INTEGERS, 13_000, 40_000)) % 2**31 for _ in range(2)]
        chunks[row] = (kind, struct.pack(">II", *sides) + content[8:])
    else:
        chunks[row] = (kind, rng.choice((flip, overwrite, cut, insert))(content, rng, 0))
    return PNG + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def json_value(data, rng, head):
    """Replace, drop or repeat one value of a JSON file."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        return flip(data, rng, head)
    spots = [(box, key) for box in walk(whole) for key in (box if isinstance(box, dict) else range(len(box)))]
    if not spots:
        return b"[]"
    box, key = rng.choice(spots)
    way = rng.random()
    if way < 0.7:
        box[key] = rng.choice((*VALUES, *CELLS))
    elif way < 0.8:
        del box[key]
    elif way < 0.9 and isinstance(box, list):
        box.insert(key, copy.deepcopy(box[rng.randrange(len(box))]))
    elif isinstance(box, dict):
        box[rng.choice(CELLS[:20])] = box[key]
    return json.dumps(whole, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def walk(value):
    """Yield all maps and lists of a JSON value."""
    if isinstance(value, dict | list):
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from walk(one)


def json_raw(data, rng, head):
    """Change a JSON file where its text is hostile: depth, digits, encodings."""
    start = place(data, rng, 0)
    hostile = rng.choice(
        (b"[" * 100_000, b"9" * 5000, b'{"a":' * 50_000, b"NaN", b"Infinity", b"-", b"\xff", b"\\ud800")
    )
    if rng.random() < 0.3:
        return data.decode("utf-8", "replace").encode(rng.choice(ENCODINGS), "replace")
    return data[:start] + hostile + data[start:]


def csv_rows(data):
    """Rows of a CSV file, or None."""
    try:
        return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        return None


def csv_bytes(rows, delimiter=",", end="\n"):
    """A CSV file of rows."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def csv_cell(data, rng, head):
    """Replace a cell of a CSV file."""
    rows = csv_rows(data)
    if not rows or not rows[0]:
        return flip(data, rng, head)
    row = rng.choice(rows[1:] or rows) if rng.random() < 0.85 else rows[0]
    if row:
        row[rng.randrange(len(row))] = rng.choice(CELLS)
    return csv_bytes(rows)


def csv_shape(data, rng, head):
    """Change rows, columns, delimiters and line ends of a CSV file."""
    rows = csv_rows(data)
    if not rows:
        return flip(data, rng, head)
    way = rng.randrange(6)
    if way == 0:
        rows.insert(rng.randrange(len(rows) + 1), rng.choice(rows))
    elif way == 1:
        del rows[rng.randrange(len(rows))]
    elif way == 2:
        column = rng.randrange(max(1, len(rows[0])))
        rows = [row[:column] + row[column + 1 :] for row in rows]
    elif way == 3:
        rows[rng.randrange(len(rows))].append(rng.choice(CELLS))
    elif way == 4:
        rows = [[*row, *row[:1]] for row in rows]
    return csv_bytes(rows, rng.choice(",;\t|,"), rng.choice(("\n", "\r\n", "\r", "\n\n")))


def encoding(data, rng, head):
    """Save a text anew, in another encoding."""
    return data.decode("utf-8", "replace").encode(rng.choice(ENCODINGS), "replace")
