"""What a comparison cannot tell by its design, because it has tried one of something only."""

from coldstart import grid


def limits(config):
    """What a configuration holds fixed, so that its results may not carry over.

    The pitfalls of a design that Lüth et al., Navigating the pitfalls of active
    learning evaluation, NeurIPS 2023, list under P1 to P3, and seeds and
    references besides.

    Parameters
    ----------
    config : dict
        The whole configuration, with its defaults.

    Returns
    -------
    list of str
        A phrase each. The first is always there: results are of one data set.
    """
    methods, query = config["methods"], config["query"]
    strategies = {section["strategy"] for section in methods.values()}
    seeds = {method: grid.seeds(config, method) for method in methods if not grid.whole_pool(config, method)}
    lonely = [method for method, own in seeds.items() if len(own) == 1]
    found = {
        "one data set": True,
        "one starting budget": len(config["budgets"]) == 1,
        f"one size of query ({query['batch']} images)": query["rounds"] > 0,
        "one embedding": len({model for model, _ in grid.arms(config)} - {"none"}) == 1,
        f"one selection each of {', '.join(lonely)}": bool(lonely) and config["repeats"] > 1,
        f"one run each of {', '.join(lonely)}, so that nothing is tested": bool(lonely) and config["repeats"] == 1,
        "no random arm to be better than": "random" not in strategies,
        "no full supervision to fall short of": not any(grid.whole_pool(config, method) for method in methods),
    }
    return [phrase for phrase, holds in found.items() if holds]
