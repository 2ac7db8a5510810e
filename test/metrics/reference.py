"""scikit-learn's figures for cases of test/metrics/cases.ts: JSON in, JSON out. null: undefined.

AUC and ACC follow MedMNIST's evaluator: class 1 alone for a binary task, else the plain mean over classes.
"""

import json
import sys
import warnings

import numpy as np
from sklearn import metrics

MULTI_LABEL = "multi-label, binary-class"


def auc_of(truth, score):
    return metrics.roc_auc_score(truth, score) if 0 < truth.sum() < len(truth) else None


def mean(values):
    return None if any(value is None for value in values) else float(np.mean(values))


def one_class(truth, score, decided):
    defined = 0 < truth.sum() < len(truth)
    row = {
        "auc": auc_of(truth, score),
        "sensitivity": metrics.recall_score(truth, decided) if truth.any() else None,
        "specificity": metrics.recall_score(truth, decided, pos_label=0) if not truth.all() else None,
        "roc": [],
        "sensitivityAt": [None, None],
        "specificityAt": [None, None],
    }
    if defined:
        false_rate, true_rate, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
        negatives = int((truth == 0).sum())
        specificity = (negatives - np.rint(false_rate * negatives)) / negatives
        row["roc"] = list(zip(false_rate.tolist(), true_rate.tolist()))
        row["sensitivityAt"] = [true_rate[specificity >= least].max() for least in (0.9, 0.95)]
        row["specificityAt"] = [specificity[true_rate >= least].max() for least in (0.9, 0.95)]
    return row


def figures(case):
    task, classes = case["task"], case["classes"]
    labels = np.array(case["labels"])
    scores = np.array(case["scores"], dtype=np.float64).reshape(len(labels), -1)
    if task == MULTI_LABEL:
        decided = (scores > 0.5).astype(int)
        questions = [(labels[:, k], scores[:, k], decided[:, k]) for k in range(classes)]
        acc = np.mean([metrics.accuracy_score(truth, yes) for truth, _, yes in questions])
        confusion, kappa = None, None
        balanced = mean(
            [
                metrics.balanced_accuracy_score(truth, yes) if 0 < truth.sum() < len(truth) else None
                for truth, _, yes in questions
            ]
        )
    else:
        binary = task == "binary-class"
        decided = (scores[:, -1] > 0.5).astype(int) if binary else scores.argmax(axis=1)
        asked = [1] if binary else range(classes)
        column = (lambda k: scores[:, -1]) if binary else (lambda k: scores[:, k])
        questions = [((labels == k).astype(int), column(k), (decided == k).astype(int)) for k in asked]
        acc = metrics.accuracy_score(labels, decided)
        scale = list(range(classes))
        confusion = metrics.confusion_matrix(labels, decided, labels=scale).tolist()
        whole = len(np.unique(labels)) == classes
        balanced = metrics.balanced_accuracy_score(labels, decided) if whole else None
        kappa = None
        if task == "ordinal-regression" and len(np.unique(np.concatenate([labels, decided]))) > 1:
            kappa = metrics.cohen_kappa_score(labels, decided, labels=scale, weights="quadratic")
    rows = [one_class(*question) for question in questions]
    return {
        "auc": mean([row["auc"] for row in rows]),
        "acc": float(acc),
        "balancedAccuracy": balanced,
        "quadraticKappa": kappa,
        "confusion": confusion,
        "classes": rows,
    }


warnings.simplefilter("error")
json.dump([figures(case) for case in json.load(sys.stdin)], sys.stdout, allow_nan=False)
