"""What of a user's own table says who the patients are, and what stands in its place."""

import logging
import re

import pandas as pd

from coldstart.errors import shown

LOGGER = logging.getLogger("coldstart")
# What a column is called that holds a name, a number or a date by which a person is found (after 45 CFR 164.514(b)(2)).
IDENTIFYING = re.compile(
    r"(patient|subject|person)?s?(full|first|last|given|family|middle|sur|maiden|birth)?names?|initials"
    r"|(patient|subject|person)(id|identifier|no|nr|number|code)?|mrn|medicalrecord(no|nr|number)?|hospital(id|no|number)"
    r"|(patients?)?(dateofbirth|birthdate|birthday|dob)|ssn|socialsecurity(no|number)?|(nhs|insurance)(no|number)"
    r"|(patients?)?(home)?(address|street|zip|zipcode|postcode|postalcode|telephone|phone|mobile|email|fax)(number)?"
    r"|accession(no|number)?|(study|series|sop)(instance)?uid|referringphysician(name)?|operators?name"
)
# Shorter identifiers, such as 7, stand in other columns by chance.
SHORTEST = 4


def numbered(patient_id):
    """Name patients by numbers, in the order of what they were called.

    The order is kept so that whatever sorts patients sorts them as before. A
    number says nothing of who it is; the sample_id leads back to the table.

    Parameters
    ----------
    patient_id : pandas.Series of str
        Missing where a sample is a patient of its own.

    Returns
    -------
    pandas.Series of str
        ``patient01`` and so on, all of one length.
    """
    names = sorted(patient_id.dropna().unique())
    new = {name: f"patient{number:0{len(str(len(names)))}d}" for number, name in enumerate(names, 1)}
    return patient_id.map(new).astype("str").where(patient_id.notna())


def without_identifiers(columns, patient_id=None):
    """Leave out columns that say who the patients are.

    Parameters
    ----------
    columns : pandas.DataFrame
        Columns of the user's table that play no part.
    patient_id : sequence of str, optional
        What the table calls the patient of each row, empty or None where it does not say.

    Returns
    -------
    pandas.DataFrame
        Those whose name is none of an identifier, and of which no cell holds
        the row's patient. The log names the others.
    """
    told = [
        name for name in columns if identifying(name) or (patient_id is not None and tells(columns[name], patient_id))
    ]
    if told:
        LOGGER.warning("columns of the table that say who the patients are, and are left out: %s", shown(told, 20))
    return columns.drop(columns=told)


def identifying(name):
    """Whether a column is called like an identifier of persons."""
    return bool(IDENTIFYING.fullmatch(re.sub(r"[\W_]+", "", str(name).casefold())))


def tells(column, patient_id):
    """Whether a cell of a column holds the identifier of its row's patient."""
    pairs = zip(column.astype("str"), patient_id, strict=True)
    return any(one and len(one) >= SHORTEST and one.casefold() in cell.casefold() for cell, one in pairs)


def warn_of_telling_paths(paths, patient_id):
    """Say in the log how many images are called after their patients: their paths stand in every table.

    Parameters
    ----------
    paths : sequence of str
        Paths or names of the samples.
    patient_id : sequence of str
        As for `without_identifiers`.
    """
    told = sum(tells(pd.Series([path]), [one]) for path, one in zip(paths, patient_id, strict=True))
    if told:
        LOGGER.warning(
            "%d images are called after their patients, and results, logs and MLflow name samples by their paths: name"
            " files otherwise, and samples by a column sample_id",
            told,
        )
