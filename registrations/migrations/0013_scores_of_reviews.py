"""Repeat on each registration what its reviews say, as services.scoring does from now on."""

from collections import defaultdict

from django.db import migrations


def repeat_scores(apps, schema_editor):
    registrations = apps.get_model("registrations", "Registration")
    scores = apps.get_model("registrations", "Score").objects.filter(review__has_conflict=False)
    fields = ("review__registration", "review", "criterion", "value", "criterion__weight", "criterion__max_score")
    rows = defaultdict(list)
    for registration, *row in scores.values_list(*fields).iterator():
        rows[registration].append(row)
    for pk, given in rows.items():
        weights = sum(weight for _, _, _, weight, most in given if most)
        shares = sum(value * 100.0 / most * weight for _, _, value, weight, most in given if most)
        by_criterion = defaultdict(list)
        for _, criterion, value, _, _ in given:
            by_criterion[criterion].append(value)
        registrations.objects.filter(pk=pk).update(
            score=shares / weights if weights else None,
            score_spread=max(max(values) - min(values) for values in by_criterion.values()),
            review_count=len({review for review, *_ in given}),
        )


class Migration(migrations.Migration):
    dependencies = [("registrations", "0012_selection_of_people")]

    operations = [migrations.RunPython(repeat_scores, migrations.RunPython.noop, elidable=True)]
