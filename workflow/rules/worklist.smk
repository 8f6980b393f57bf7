# A user's own pool: the annotators' answers → network → the next list, and what goes with it.
# Each list is made once; `list` is a task and its list, such as classification/list2.


rule answers:
    input:
        unpack(answers_inputs),
    output:
        answers=f"{LIST}/answers.parquet",
        contradictions=f"{LIST}/contradictions.csv",
    log:
        "<logs>/answers/{list}.log",
    benchmark:
        "<benchmarks>/answers/{list}.tsv"
    wildcard_constraints:
        list=one_of(list_names("classification", new=True)) or "nothing",
    conda:
        "../../envs/pytorch.yaml"
    params:
        reading=answers_params,
        root=DATASET["root"],
        size=DATASET["size"],
        interpolation=DATASET["interpolation"],
        seed=config["seeds"][0],
        code=code("answers"),
    message:
        "Reading the annotators' answers: {wildcards.list}"
    script:
        "../scripts/answers.py"


use rule answers as answers_segmentation with:
    output:
        answers=f"{LIST}/answers.parquet",
        contradictions=f"{LIST}/contradictions.csv",
        masks=f"{LIST}/masks.npy",
    wildcard_constraints:
        list=one_of(list_names("segmentation", new=True)) or "nothing",


rule learn:
    input:
        unpack(learn_inputs),
    output:
        fit=f"{LIST}/fit.json",
        history=f"{LIST}/history.csv",
        predictions=f"{LIST}/predictions.parquet",
        holdout=f"{LIST}/holdout.parquet",
        metrics=f"{LIST}/metrics.parquet",
        weights=f"{LIST}/weights.safetensors",
    log:
        "<logs>/learn/{list}.log",
    benchmark:
        "<benchmarks>/learn/{list}.tsv"
    wildcard_constraints:
        list=one_of(list_names("classification", new=True)) or "nothing",
    conda:
        "../../envs/pytorch.yaml"
    resources:
        gpu=1,
    params:
        learning=lambda wildcards: own(list_learning(wildcards), *SHARED_LEARNING),
        seed=config["seeds"][0],
        code=learn_code,
    message:
        "Training on what is labelled: {wildcards.list}"
    script:
        "../scripts/learn.py"


use rule learn as learn_segmentation with:
    output:
        fit=f"{LIST}/fit.json",
        history=f"{LIST}/history.csv",
        predictions=f"{LIST}/predictions.parquet",
        holdout=f"{LIST}/holdout.parquet",
        metrics=f"{LIST}/metrics.parquet",
        weights=f"{LIST}/weights.safetensors",
        maps=f"{LIST}/maps.npz",
    wildcard_constraints:
        list=one_of(list_names("segmentation", new=True)) or "nothing",


rule ask:
    input:
        unpack(ask_inputs),
    output:
        worklist=f"{LIST}/worklist.csv",
        query=f"{LIST}/query.parquet",
    log:
        "<logs>/ask/{list}.log",
    benchmark:
        "<benchmarks>/ask/{list}.tsv"
    wildcard_constraints:
        list=one_of(list_names(new=True)) or "nothing",
    conda:
        "../../envs/pytorch.yaml"
    resources:
        gpu=ask_gpu,
    params:
        method=lambda wildcards: ask_method(),
        query=ask_query,
        budget=config["worklist"]["budget"],
        batch=config["worklist"]["batch"],
        one_per_patient=config["worklist"]["one_per_patient"],
        seed=config["seeds"][0],
        code=ask_code,
    message:
        "Choosing the images to annotate next: {wildcards.list}"
    script:
        "../scripts/ask.py"


rule hand_out:
    input:
        unpack(hand_out_inputs),
    output:
        **asked_map(),
        pictures=directory(f"{LIST}/images"),
        label_studio=f"{LIST}/label_studio.json",
        labelling_config=f"{LIST}/label_studio.xml",
        datalist=f"{LIST}/datalist.json",
        coco=f"{LIST}/coco.json",
        html=f"{LIST}/contact.html",
        png=f"{LIST}/contact.png",
    log:
        "<logs>/hand_out/{list}.log",
    benchmark:
        "<benchmarks>/hand_out/{list}.tsv"
    wildcard_constraints:
        list=one_of(list_names("classification")) or "nothing",
    conda:
        "../../envs/pytorch.yaml"
    params:
        kind=DATASET["kind"],
        dataset=own(DATASET, *COMMON_KEYS),
        name=DATASET["name"],
        classes=config["worklist"]["classes"],
        image_url=config["worklist"]["image_url"],
        code=code("hand_out", KINDS.entry(DATASET["kind"]).module),
    message:
        "Preparing what the annotators are given: {wildcards.list}"
    script:
        "../scripts/hand_out.py"


use rule hand_out as hand_out_segmentation with:
    output:
        **asked_map(),
        masks=directory(f"{LIST}/masks"),
        pictures=directory(f"{LIST}/images"),
        label_studio=f"{LIST}/label_studio.json",
        labelling_config=f"{LIST}/label_studio.xml",
        datalist=f"{LIST}/datalist.json",
        coco=f"{LIST}/coco.json",
        html=f"{LIST}/contact.html",
        png=f"{LIST}/contact.png",
    wildcard_constraints:
        list=one_of(list_names("segmentation")) or "nothing",


rule advise:
    input:
        unpack(advise_inputs),
    output:
        curve=f"{LIST}/curve.csv",
        curve_png=f"{LIST}/curve.png",
        groups=f"{LIST}/groups.csv",
        groups_png=f"{LIST}/groups.png",
        advice=f"{LIST}/advice.json",
        text=f"{LIST}/advice.md",
    log:
        "<logs>/advise/{list}.log",
    benchmark:
        "<benchmarks>/advise/{list}.tsv"
    wildcard_constraints:
        list=one_of(list_names()),
    conda:
        "../../envs/pytorch.yaml"
    params:
        dataset=DATASET["name"],
        classes=config["worklist"]["classes"],
        worthwhile=config["worklist"]["worthwhile"],
        chosen_by=chosen_by,
        seed=config["seeds"][0],
        code=code("advise"),
    message:
        "What the labels have brought so far, and what the next may bring: {wildcards.list}"
    script:
        "../scripts/advise.py"


# The training for a list → MLflow, once.
use rule track as track_list with:
    input:
        metrics=[f"{LIST}/metrics.parquet"],
        fits=[f"{LIST}/fit.json"],
        histories=[f"{LIST}/history.csv"],
        labelled=[f"{LIST}/answers.parquet"],
    output:
        f"{LIST}/tracking.parquet",
    log:
        "<logs>/track_list/{list}.log",
    benchmark:
        "<benchmarks>/track_list/{list}.tsv"
    wildcard_constraints:
        list=one_of(list_names()),
    # Not handed on by the rule it is made from.
    localrule: True
