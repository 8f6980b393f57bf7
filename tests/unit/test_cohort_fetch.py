"""Fetching: downloads that break off, archives that mean harm, all against a server of our own."""

import hashlib
import io
import json
import re
import socket
import stat
import struct
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from standins import write_chestx_det

from coldstart.cohort import chestx_det, download
from coldstart.cohort.archive import RECORD, unpack, unpacked
from coldstart.cohort.fetch import CHESTX_DET, Source, fetch_archive, fetch_chestx_det
from coldstart.errors import InputError

BODY = np.random.default_rng(0).bytes(3 * download.MIB + 12345)


class Site:
    """Files by path, how the server behaves, and what it was asked."""

    def __init__(self):
        self.files = {"/file.bin": BODY}
        self.ranges = True
        self.etag = '"one"'
        self.send_length = True
        # Added to the length that is promised, and to the start of the first part that is sent.
        self.lie = 0
        self.shift = 0
        # Bytes after which each answer breaks off, in turn.
        self.breaks = []
        # Status of each answer in turn, before files are served.
        self.statuses = []
        self.asked = []
        self.served = 0
        self.url = ""


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        site = self.server.site
        site.asked.append((self.path, self.headers.get("Range")))
        status = site.statuses.pop(0) if site.statuses else 200 if self.path in site.files else 404
        if status != 200:
            self.send_error(status)
            return
        body, start = site.files[self.path], 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and site.ranges and self.headers.get("If-Range") in (None, site.etag):
            start, site.shift = int(wanted[1]) + site.shift, 0
            if start >= len(body) + site.lie:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1 + site.lie}/{len(body) + site.lie}")
        else:
            self.send_response(200)
        if site.etag:
            self.send_header("ETag", site.etag)
        if site.send_length:
            self.send_header("Content-Length", str(len(body) - start + site.lie))
        self.end_headers()
        sent = body[start : start + site.breaks.pop(0)] if site.breaks else body[start:]
        # Before the client can have read it, and go on to look at the count.
        site.served += len(sent)
        self.wfile.write(sent)


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Clients that hang up are part of the tests."""


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(download, "WAITS", (0, 0, 0))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server(("127.0.0.1", 0), Handler)
    server.site = Site()
    server.site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.site
    server.shutdown()
    server.server_close()
    thread.join()


def get(site, path, name="/file.bin", **options):
    return download.download(site.url + name, path, **options)


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir())


# Downloads


def test_a_download(site, tmp_path):
    shown = []

    def progress(chunks, what, total):
        shown.append((what, total))
        return chunks

    path = get(site, tmp_path / "new" / "file.bin", sha256=hashlib.sha256(BODY).hexdigest(), progress=progress)
    assert path.read_bytes() == BODY
    assert leftovers(tmp_path / "new") == ["file.bin"]
    assert shown == [("MiB of file.bin", 4)]


def test_a_broken_download_goes_on_where_it_was(site, tmp_path):
    site.breaks = [1000, 2 * download.MIB]
    assert get(site, tmp_path / "f").read_bytes() == BODY
    assert [asked for _, asked in site.asked] == [None, "bytes=1000-", f"bytes={2 * download.MIB + 1000}-"]
    # Every byte has been sent once.
    assert site.served == len(BODY)


def test_the_next_call_goes_on_too(site, tmp_path):
    site.breaks = [5000, 0, 0, 0]
    with pytest.raises(InputError, match=rf"broke off after 5000 of {len(BODY)} bytes.*by hand, save it as {tmp_path}"):
        get(site, tmp_path / "f")
    assert not (tmp_path / "f").exists()
    assert (tmp_path / "f.part").stat().st_size == 5000
    assert get(site, tmp_path / "f").read_bytes() == BODY
    assert site.served == len(BODY)
    assert leftovers(tmp_path) == ["f"]


def test_a_complete_part_needs_no_byte(site, tmp_path):
    (tmp_path / "f.part").write_bytes(BODY)
    download.remember(tmp_path / "f.part", site.url + "/file.bin", {"ETag": '"one"'})
    assert get(site, tmp_path / "f").read_bytes() == BODY
    assert site.served == 0


def test_a_server_without_ranges_starts_again(site, tmp_path):
    site.ranges = False
    site.breaks = [7000]
    assert get(site, tmp_path / "f").read_bytes() == BODY
    assert site.served == 7000 + len(BODY)


def test_a_server_that_sends_another_part(site, tmp_path):
    site.breaks, site.shift = [7000], 5
    assert get(site, tmp_path / "f").read_bytes() == BODY
    assert [asked for _, asked in site.asked] == [None, "bytes=7000-", None]


def test_patience_comes_back_with_every_new_mib_and_with_nothing_else(site, tmp_path):
    site.breaks = [0, 0, download.MIB] * 2
    assert get(site, tmp_path / "f").read_bytes() == BODY
    assert len(site.asked) == 7
    site.ranges, site.breaks = False, [2 * download.MIB, download.MIB] * 10
    with pytest.raises(InputError, match="broke off after"):
        get(site, tmp_path / "g")
    assert len(site.breaks) == 20 - 4


def test_a_file_that_has_changed_meanwhile_comes_whole(site, tmp_path):
    site.breaks = [5000, 0, 0, 0]
    with pytest.raises(InputError):
        get(site, tmp_path / "f")
    site.etag, site.files["/file.bin"] = '"two"', BODY[::-1]
    assert get(site, tmp_path / "f").read_bytes() == BODY[::-1]


@pytest.mark.parametrize("length", [100, len(BODY) + 10])
def test_a_part_of_something_else_is_thrown_away(site, tmp_path, length):
    # Of another address, and of this one but longer than its file.
    (tmp_path / "f.part").write_bytes(b"x" * length)
    address = site.url + ("/other" if length == 100 else "/file.bin")
    download.remember(tmp_path / "f.part", address, {"ETag": '"one"'})
    assert get(site, tmp_path / "f").read_bytes() == BODY


def test_a_server_that_promises_more_than_it_has(site, tmp_path):
    site.lie = 10
    with pytest.raises(InputError, match=rf"broke off after {len(BODY)} of {len(BODY) + 10} bytes"):
        get(site, tmp_path / "f")
    assert not (tmp_path / "f").exists()
    assert len(site.asked) == 1 + len(download.WAITS)


def test_a_server_that_promises_less_than_it_has(site, tmp_path):
    content = zipped({"a.txt": b"a" * 5000})
    site.files["/a.zip"], site.lie = content, -30
    with pytest.raises(InputError, match=r"no complete zip archive"):
        fetch_archive(site.url + "/a.zip", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_length_that_is_none(site, tmp_path):
    site.send_length = False
    assert get(site, tmp_path / "f").read_bytes() == BODY
    with pytest.raises(InputError, match=r"larger than the 0.001 GB"):
        get(site, tmp_path / "g", limit_bytes=10**6)
    assert leftovers(tmp_path) == ["f"]


def test_too_large_is_refused_before_it_is_sent(site, tmp_path):
    with pytest.raises(InputError, match=r"larger than the 0.001 GB that are allowed"):
        get(site, tmp_path / "f", limit_bytes=10**6, progress=lambda *_, **__: pytest.fail("it was read"))
    assert leftovers(tmp_path) == []


def test_trouble_that_passes_and_trouble_that_does_not(site, tmp_path):
    site.statuses = [503, 500]
    assert get(site, tmp_path / "f").read_bytes() == BODY
    site.asked.clear()
    with pytest.raises(InputError, match=r"/none cannot be downloaded \(HTTP Error 404.*by hand, save it as .*g, and"):
        get(site, tmp_path / "g", "/none")
    assert len(site.asked) == 1
    assert leftovers(tmp_path) == ["f"]


def test_a_server_that_is_away(site, tmp_path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/train_data.zip"
        with pytest.raises(InputError) as caught:
            fetch_archive(url, tmp_path / "train_data")
    assert url in str(caught.value)
    assert f"save it as {tmp_path / 'train_data.zip'}" in str(caught.value)


def test_another_digest(site, tmp_path):
    with pytest.raises(InputError, match=r"SHA-256 .* expected is 00"):
        get(site, tmp_path / "f", sha256="00" * 32)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://127.0.0.1/f", "data:,x", "f.zip", "http://127.0.0.1:x/f"]
)
def test_addresses_that_are_none(tmp_path, url):
    with pytest.raises(InputError, match=r"http://|no valid address"):
        download.download(url, tmp_path / "f")


def test_a_folder_where_the_file_should_go(site, tmp_path):
    (tmp_path / "f").mkdir()
    with pytest.raises(InputError, match=r"is a folder, but the file"):
        get(site, tmp_path / "f")
    (tmp_path / "g").write_text("")
    with pytest.raises(InputError, match=r"cannot be written"):
        get(site, tmp_path / "g" / "f")


# Archives


def zipped(files, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def special(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.fixture
def refused(tmp_path):
    """Check that an archive is refused and that nothing is left of it."""

    def refused(content, message, **limits):
        base = tmp_path / "base"
        base.mkdir()
        (base / "a.zip").write_bytes(content)
        with pytest.raises(InputError, match=message) as caught:
            unpack(base / "a.zip", base / "a", **limits)
        assert "\n" not in str(caught.value)
        assert leftovers(base) == ["a.zip"]
        assert leftovers(tmp_path) == ["base"]

    return refused


def test_unpacking(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped({"one.txt": b"1", "deep/two.txt": b"22", "empty/": b""}))
    assert unpack(tmp_path / "a.zip", tmp_path / "a")
    assert (tmp_path / "a/one.txt").read_bytes() == b"1"
    assert (tmp_path / "a/deep/two.txt").read_bytes() == b"22"
    record = json.loads((tmp_path / "a" / RECORD).read_text())
    digest = hashlib.sha256((tmp_path / "a.zip").read_bytes()).hexdigest()
    assert record == {"archive": "a.zip", "sha256": digest, "files": 2, "bytes": 3}
    assert leftovers(tmp_path) == ["a", "a.zip"]
    # Others of the group can read it.
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_unpacking_again_does_nothing_until_something_is_missing(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped({"one.txt": b"1", "two.txt": b"2"}))
    unpack(tmp_path / "a.zip", tmp_path / "a")
    (tmp_path / "a/one.txt").write_text("mine")
    assert not unpack(tmp_path / "a.zip", tmp_path / "a")
    assert (tmp_path / "a/one.txt").read_text() == "mine"
    (tmp_path / "a/two.txt").unlink()
    assert unpack(tmp_path / "a.zip", tmp_path / "a")
    assert (tmp_path / "a/two.txt").read_text() == "2"


def test_unpacking_into_a_folder_with_files_keeps_them(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/mine.txt").write_text("mine")
    (tmp_path / "a.zip").write_bytes(zipped({"deep/one.txt": b"1"}))
    assert unpack(tmp_path / "a.zip", tmp_path / "a")
    assert leftovers(tmp_path / "a") == [RECORD, "deep", "mine.txt"]
    assert unpacked(tmp_path / "a")


def test_a_folder_is_not_done_while_files_are_moved_into_it(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped({"one.txt": b"1"}))
    unpack(tmp_path / "a.zip", tmp_path / "a")
    (tmp_path / "a/two.txt").mkdir()
    (tmp_path / "a.zip").write_bytes(zipped({"one.txt": b"new", "two.txt": b"2"}))
    with pytest.raises(InputError, match="cannot be unpacked into"):
        unpack(tmp_path / "a.zip", tmp_path / "a")
    assert (tmp_path / "a/one.txt").read_bytes() == b"new"
    assert not unpacked(tmp_path / "a")


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    (tmp_path / ".a.unpacking").mkdir()
    (tmp_path / ".a.unpacking/half.txt").write_text("")
    (tmp_path / "a.zip").write_bytes(zipped({"one.txt": b"1"}))
    unpack(tmp_path / "a.zip", tmp_path / "a")
    assert leftovers(tmp_path / "a") == [RECORD, "one.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "../out.txt",
        "a/../../out.txt",
        "a/..",
        "/out.txt",
        "//host/out.txt",
        "..\\out.txt",
        "\\out.txt",
        "C:\\out.txt",
        "c:out.txt",
        "a\nb.txt",
    ],
)
def test_paths_that_lead_out(refused, name):
    refused(zipped({"good.txt": b"1", name: b"2"}), "which leads out of its folder")


def test_a_name_that_ends_early(refused):
    # Python itself writes no such name.
    refused(zipped({"good.txtX.png": b"1"}).replace(b"good.txtX", b"good.txt\0"), "which leads out of its folder")


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o666, stat.S_IFCHR | 0o666])
def test_links_and_devices(refused, mode):
    refused(zipped({special("link", mode): b"/etc", "link/passwd": b"x"}), "which is a link or a device")


def test_the_name_of_the_record(refused):
    refused(zipped({RECORD: b"{}"}), "reserved name")


def test_a_file_that_is_also_a_folder(refused):
    refused(zipped({"a": b"1", "a/b": b"2"}), "holds 'a' as a file and as a folder")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_comes_twice(refused):
    refused(zipped({special("a", 0): b"1", special("./a", 0): b"2"}), "holds 'a' twice")


def test_a_bomb_by_its_ratio(refused):
    content = zipped({f"{i}": bytes(8 << 20) for i in range(9)})
    refused(content, rf"would unpack to {72 << 20} bytes, more than an archive of its size \({len(content)} bytes\)")


def test_bound_of_size(refused):
    refused(zipped({"a": b"12345", "b": b"12345"}), "would unpack to 10 bytes", limit_bytes=9)


def test_bound_of_number(refused):
    refused(zipped({"a": b"1", "b": b"1"}), "holds 2 files, allowed are 1", limit_files=1)


@pytest.mark.parametrize("says", [10, 3000])
def test_a_bomb_that_lies_about_its_size(refused, says):
    """Both heads of the member say another size than what comes out."""
    content = zipped({"a": b"a" * 2000})
    assert content.count(struct.pack("<L", 2000)) == 2
    refused(content.replace(struct.pack("<L", 2000), struct.pack("<L", says)), "no complete zip archive")


def test_encrypted(refused):
    content = bytearray(zipped({"a": b"1"}))
    for head, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(head) + offset] |= 1
    refused(bytes(content), r"is encrypted \('a'\): unpack it by hand")


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "page"])
def test_damaged_archives(refused, damage):
    content = zipped({"a": np.random.default_rng(0).bytes(5000)})
    flipped = content[:1000] + bytes([content[1000] ^ 0xFF]) + content[1001:]
    broken = {"cut": content[:-40], "flipped": flipped, "empty": b"", "page": b"<html>Sign in</html>"}[damage]
    refused(broken, "a.zip is no complete zip archive .* delete it and fetch it again")


def test_files_where_folders_should_be(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped({"one.txt": b"1"}))
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match=r"a is a file, but a.zip is to be unpacked there"):
        unpack(tmp_path / "a.zip", tmp_path / "a")
    with pytest.raises(InputError, match=r"b.zip is not a file"):
        unpack(tmp_path / "b.zip", tmp_path / "b")
    (tmp_path / "c").mkdir()
    (tmp_path / "c/one.txt").mkdir()
    with pytest.raises(InputError, match=r"cannot be unpacked into"):
        unpack(tmp_path / "a.zip", tmp_path / "c")
    assert not unpacked(tmp_path / "c")
    assert leftovers(tmp_path) == ["a", "a.zip", "c"]


# ChestX-Det


@pytest.fixture
def published(site, tmp_path):
    """A stand-in of ChestX-Det on the server: one zip with a folder in it, one without."""
    made = tmp_path / "made"
    write_chestx_det(made, n_train=8, n_test=4, size=48)
    sources = {}
    for name in ("train_data", "test_data"):
        inner = "train_data/" if name == "train_data" else ""
        images = {inner + path.name: path.read_bytes() for path in sorted((made / name).iterdir())}
        site.files[f"/{name}.zip"] = zipped(images)
        sources[f"{name}.zip"] = Source(f"{site.url}/{name}.zip")
    for name in ("ChestX_Det_train.json", "ChestX_Det_test.json"):
        site.files[f"/{name}"] = (made / name).read_bytes()
        sources[name] = Source(f"{site.url}/{name}", hashlib.sha256(site.files[f"/{name}"]).hexdigest())
    return sources


def test_from_the_server_to_the_cohort(site, published, tmp_path):
    root = tmp_path / "data" / "chestx_det"
    found = fetch_chestx_det(root, sources=published)
    assert [path.name for path in found] == [*list(CHESTX_DET)[:2], "train_data", "test_data"]
    assert leftovers(root) == ["ChestX_Det_test.json", "ChestX_Det_train.json", "test_data", "train_data"]
    cohort = chestx_det.build(root=str(root), counts="any")
    expected = chestx_det.build(root=str(tmp_path / "made"), counts="any")
    assert cohort["sample_id"].tolist() == expected["sample_id"].tolist()
    pairs = zip(
        chestx_det.images(cohort, root=str(root), counts="any"),
        chestx_det.images(expected, root=str(tmp_path / "made"), counts="any"),
        strict=True,
    )
    assert all((one == other).all() for one, other in pairs)
    asked = len(site.asked)
    assert fetch_chestx_det(root, sources=published) == found
    assert len(site.asked) == asked == 4


def test_zips_put_there_by_hand_are_used_and_kept(site, published, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    for name in ("train_data.zip", "test_data.zip"):
        (root / name).write_bytes(site.files.pop(f"/{name}"))
    fetch_chestx_det(root, sources=published)
    assert len(chestx_det.build(root=str(root), counts="any"))
    assert {"train_data.zip", "test_data.zip"} < set(leftovers(root))
    other = Source("http://127.0.0.1/x.zip", "00" * 32)
    with pytest.raises(InputError, match=r"train_data.zip is not the file of http://127.0.0.1/x.zip: move it away"):
        fetch_chestx_det(root, sources={**published, "train_data.zip": other})


def test_another_annotation_file_is_not_overwritten(published, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "ChestX_Det_test.json").write_text("[]")
    with pytest.raises(InputError, match=r"ChestX_Det_test.json is not the file of .*: move it away"):
        fetch_chestx_det(root, sources=published)
    assert (root / "ChestX_Det_test.json").read_text() == "[]"


def test_names_of_sources_are_checked(tmp_path):
    with pytest.raises(InputError, match=r"has no file 'train.zip': did you mean 'train_data.zip'"):
        fetch_chestx_det(tmp_path, sources={"train.zip": Source("http://127.0.0.1/")})


def test_published_digests_are_those_of_the_annotations_at_hand():
    folder = Path(__file__).resolve().parents[3] / "shared/data/chestx_det"
    if not folder.is_dir():
        pytest.skip("the ChestX-Det annotations are not beside the project (../shared/data/chestx_det)")
    for name in ("ChestX_Det_train.json", "ChestX_Det_test.json"):
        assert download.digest(folder / name) == CHESTX_DET[name].sha256
