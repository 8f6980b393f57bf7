"""What selection strategies are told of every image beside its vector, and where it stands."""

from coldstart.embedding import ENCODERS
from coldstart.errors import InputError, shown
from coldstart.learning import NETWORKS
from coldstart.selection import STRATEGIES as METHODS

# What the rule `uncertainty` measures of any embedding; all else is an encoder's own.
OF_ANY_EMBEDDING = ("uncertainty",)


def measured_in(strategy, model):
    """File below the results of a data set that holds what a strategy is told.

    Parameters
    ----------
    strategy, model : str

    Returns
    -------
    str or None
        None where it is told nothing but vectors.
    """
    wanted = METHODS.entry(strategy).facts.get("measures", ())
    if not wanted:
        return None
    return f"{'uncertainties' if set(wanted) <= set(OF_ANY_EMBEDDING) else 'embeddings'}/{model}.parquet"


def check_measures(config):
    """Refuse methods whose models do not say what their strategy must be told.

    Parameters
    ----------
    config : dict
        A complete configuration.

    Raises
    ------
    InputError
        Naming the key.
    """
    for name, method in config["methods"].items():
        wanted = METHODS.entry(method["strategy"]).facts.get("measures", ())
        for model in (method["models"] or config["models"]) if wanted else ():
            check_model(f"methods.{name}", method["strategy"], model, config["models"][model], wanted)


def check_model(where, strategy, name, model, wanted):
    """Refuse one model of a method; see `check_measures`."""
    if set(wanted) <= set(OF_ANY_EMBEDDING):
        network = model["uncertainty"]["network"]
        fitting = [one for one in NETWORKS if NETWORKS.entry(one).facts["task"] == "classification"]
        if network not in fitting:
            raise InputError(
                f"models.{name}.uncertainty.network: '{network}' is no network that can learn an embedding: "
                f"choose one of {shown(fitting)}."
            )
        return
    able = [one for one in ENCODERS if set(wanted) <= set(ENCODERS.entry(one).facts.get("measures", ()))]
    if model["encoder"].partition(":")[0] not in able:
        raise InputError(
            f"{where}: '{strategy}' needs the {' and '.join(wanted)} of every image, which the encoder "
            f"'{model['encoder']}' of models.{name} does not measure: let {where}.models name models of the encoder "
            f"{shown(able)} alone."
        )
