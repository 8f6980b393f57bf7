"""Check the registered names of a configuration and the parameters given for them."""

from coldstart.annotations import fits, readable
from coldstart.errors import InputError
from coldstart.registry import choices


def own(section, common):
    """Keys of a section that belong to its entry alone."""
    return {key: value for key, value in section.items() if key not in common}


def check_entry(registry, name, section, key, given, common, where=None):
    """Check a registered name and the parameters given for it.

    Parameters
    ----------
    registry : Registry
        Where the name should stand.
    name : str
        The name given.
    section, key : str
        Where in the configuration it stands.
    given : dict
        Parameters given.
    common : set of str
        Keys of the section that every entry has.
    where : str, optional
        The name's own key, if it is not ``section.key``.

    Raises
    ------
    InputError
        If the name, a parameter or a parameter's type is not known.
    """
    where = where or f"{section}.{key}"
    if name not in registry:
        raise InputError(f"{where}: unknown {registry.kind} '{name}'; {choices(name, registry)}.")
    known = registry.parameters(name)
    for parameter, value in given.items():
        if parameter not in known:
            raise InputError(
                f"{section}.{parameter}: unknown key for '{name}'; {choices(parameter, set(known) | common)}."
            )
        if not fits(value, known[parameter].annotation):
            raise InputError(f"{section}.{parameter}: {value!r} should be {readable(known[parameter].annotation)}.")
    missing = [parameter for parameter, spec in known.items() if spec.required and parameter not in given]
    if missing:
        raise InputError(f"{section}: '{name}' needs the key '{missing[0]}', which is missing.")
