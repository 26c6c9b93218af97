"""Instances may be whole slides."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_suspicion_and_boxes")]

    operations = [
        migrations.AlterField(
            model_name="instance",
            name="kind",
            field=models.CharField(
                choices=[
                    ("dicom", "DICOM"),
                    ("picture", "Picture"),
                    ("volume", "Volume"),
                    ("slide", "Whole slide"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Slide",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("tile", models.PositiveIntegerField()),
                ("microns_x", models.FloatField(null=True)),
                ("microns_y", models.FloatField(null=True)),
                ("magnification", models.FloatField(null=True)),
                (
                    "instance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slide", to="cases.instance"
                    ),
                ),
            ],
            options={
                "ordering": ("instance",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("height__gte", 1), ("tile__gte", 1), ("width__gte", 1)),
                        name="slide_has_pixels",
                    )
                ],
            },
        ),
    ]
