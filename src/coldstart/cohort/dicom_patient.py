"""Who a DICOM file is about: what of it may be told, and what must stay in memory."""

import re

from pydicom.multival import MultiValue

SEXES = ("F", "M", "O")
PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}
# Ages above 89 help to find a person (HIPAA, 45 CFR 164.514(b)(2)(i)(C)).
OLDEST = 90
OLDEST_PLAUSIBLE = 150
# What stands in the place of a name or an ID once it was removed.
REMOVED = re.compile(
    r"[\W_0x]*|(anon|anonym|anonymous|anonymi[sz]ed|de-?identified|redacted|removed|unknown|none|null|n/?a"
    r"|no ?(name|id)|patient|test)[\W_]*"
)
SCANNER = ("Manufacturer", "ManufacturerModelName")
IDENTIFYING = (
    "PatientID",
    "PatientName",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientBirthDate",
    "AccessionNumber",
    "StudyID",
    "InstitutionName",
    "ReferringPhysicianName",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
)
SHORTEST_NAME = 3
# All that is read here.
ELEMENTS = (*IDENTIFYING, *SCANNER, "PatientSex", "PatientAge", "StudyDate", "ViewPosition")


def value(dataset, keyword):
    """What an element holds, or None where it is missing, empty or malformed."""
    try:
        found = dataset.get(keyword)
    except Exception:  # Malformed values raise almost anything.
        return None
    return None if found is None or found == "" else found


def text(dataset, keyword):
    """What an element holds as text, without surrounding and repeated blanks; empty where it holds nothing."""
    found = value(dataset, keyword)
    return "" if found is None else " ".join(str(found).replace("\0", " ").split())


def identity(dataset):
    """What tells the patient from others, or None.

    The ID alone, without its issuer: images with and without it would be taken
    for two patients, while equal IDs of two hospitals merely keep one of two
    strangers waiting.
    """
    patient, name = text(dataset, "PatientID"), text(dataset, "PatientName").replace("^", " ").strip()
    if not removed(patient):
        return patient
    if not removed(name):
        return f"name:{name}:{text(dataset, 'PatientBirthDate')}"
    study = text(dataset, "StudyInstanceUID")
    return f"study:{study}" if study else None


def sex(dataset):
    """``F``, ``M`` or ``O``, or None."""
    said = text(dataset, "PatientSex").upper()
    return said if said in SEXES else None


def view(dataset):
    """View position in capitals, or None."""
    return text(dataset, "ViewPosition").upper() or None


def scanner(dataset):
    """Manufacturer and model, or None."""
    return " ".join(filter(None, (text(dataset, keyword) for keyword in SCANNER))) or None


def removed(name):
    """Whether a name or an ID says nothing."""
    return bool(REMOVED.fullmatch(name.casefold()))


def age(dataset):
    """Completed years: as said (PS3.5, VR AS), or from the dates of birth and study; None where neither is right."""
    said = re.fullmatch(r"(\d{1,3})([DWMY])", text(dataset, "PatientAge").upper())
    dates = [text(dataset, keyword) for keyword in ("PatientBirthDate", "StudyDate")]
    if said:
        years = int(int(said[1]) / PER_YEAR[said[2]])
    elif all(re.fullmatch(r"\d{8}", date) for date in dates):
        # Dates read as numbers, YYYYMMDD: whole years are what is left of the last four digits.
        years = (int(dates[1]) - int(dates[0])) // 10_000
    else:
        return None
    return min(years, OLDEST) if 0 <= years <= OLDEST_PLAUSIBLE else None


def names(dataset):
    """Names, numbers and dates by which the patient or the study could be found, in the order of `IDENTIFYING`."""
    found = []
    for keyword in IDENTIFYING:
        held = value(dataset, keyword)
        for one in filter(None, held if isinstance(held, MultiValue) else [held]):
            # Parts of a person's name, in each of its scripts (PS3.5, 6.2.1).
            found += re.split(r"[\^=,\s]+", str(one)) if keyword.endswith("Name") else [str(one).strip()]
    return tuple(dict.fromkeys(name for name in found if len(name) >= SHORTEST_NAME and not removed(name)))
